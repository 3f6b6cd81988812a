package nethttp_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/tusker-go/tusker/transport/nethttp"
)

// The caller gets a redirect that would change a PATCH to a GET.
func ExampleNew() {
	server := httptest.NewServer(http.RedirectHandler("/elsewhere", http.StatusFound))
	defer server.Close()

	client := nethttp.New(nethttp.Config{HTTP1Only: true})
	defer client.CloseIdleConnections()

	req, err := http.NewRequestWithContext(context.Background(), http.MethodPatch, server.URL, nil)
	if err != nil {
		log.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	_ = resp.Body.Close()
	fmt.Println(resp.Status, resp.Header.Get("Location"))
	// Output: 302 Found /elsewhere
}

// A redirect from https to http is an error.
func ExampleErrInsecureRedirect() {
	server := httptest.NewTLSServer(http.RedirectHandler("http://tus.example/", http.StatusTemporaryRedirect))
	defer server.Close()

	client := nethttp.New(nethttp.Config{InsecureSkipVerify: true})
	defer client.CloseIdleConnections()

	req, err := http.NewRequestWithContext(context.Background(), http.MethodPatch, server.URL, nil)
	if err != nil {
		log.Fatal(err)
	}
	resp, err := client.Do(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	fmt.Println(errors.Is(err, nethttp.ErrInsecureRedirect))
	// Output: true
}
