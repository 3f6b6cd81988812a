package retryablehttp_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	hashicorp "github.com/hashicorp/go-retryablehttp"

	"github.com/tusker-go/tusker/transport/nethttp"
	"github.com/tusker-go/tusker/transport/retryablehttp"
)

// newAlternatingServer returns a server that answers every other request with
// 503.
func newAlternatingServer() *httptest.Server {
	n := 0
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n++
		fmt.Println(n, r.Method)
		if n%2 == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
}

// A HEAD is retried until it succeeds. A PATCH is sent once.
func ExampleNew() {
	server := newAlternatingServer()
	defer server.Close()

	client := nethttp.New(nethttp.Config{})
	defer client.CloseIdleConnections()
	doer := retryablehttp.New(retryablehttp.Config{
		Client:       client,
		RetryWaitMin: time.Millisecond,
		RetryWaitMax: time.Millisecond,
	})
	for _, method := range []string{http.MethodHead, http.MethodPatch} {
		req, err := http.NewRequestWithContext(context.Background(), method, server.URL, nil)
		if err != nil {
			log.Fatal(err)
		}
		resp, err := doer.Do(req)
		if err != nil {
			log.Fatal(err)
		}
		_ = resp.Body.Close()
		fmt.Println(resp.Status)
	}
	// Output:
	// 1 HEAD
	// 2 HEAD
	// 200 OK
	// 3 PATCH
	// 503 Service Unavailable
}

// Wrap keeps the settings of a configured client for requests that may be
// retried.
func ExampleWrap() {
	server := newAlternatingServer()
	defer server.Close()

	rc := hashicorp.NewClient()
	rc.Logger = nil
	rc.RetryWaitMin, rc.RetryWaitMax = time.Millisecond, time.Millisecond
	defer rc.HTTPClient.CloseIdleConnections()

	req, err := http.NewRequestWithContext(context.Background(), http.MethodOptions, server.URL, nil)
	if err != nil {
		log.Fatal(err)
	}
	resp, err := retryablehttp.Wrap(rc).Do(req)
	if err != nil {
		log.Fatal(err)
	}
	_ = resp.Body.Close()
	fmt.Println(resp.Status)
	// Output:
	// 1 OPTIONS
	// 2 OPTIONS
	// 200 OK
}
