package client_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// A stream of HTTP/2 that a server resets says nothing about its connection. The failure
// counts as any other, and the requests that follow use the same connection.
func TestStreamResetIsNotStale(t *testing.T) {
	t.Parallel()
	tus := fake.Handler(fake.Config{Content: true})
	var mu sync.Mutex
	var protos, from []string
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		protos, from = append(protos, r.Proto), append(from, r.RemoteAddr)
		isSecond := len(protos) == 2
		mu.Unlock()
		if isSecond {
			panic(http.ErrAbortHandler) // net/http resets the stream
		}
		tus.ServeHTTP(w, r)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	doer := nethttp.New(nethttp.Config{NoProxy: true, InsecureSkipVerify: true, PreferHTTP2: true})
	t.Cleanup(doer.CloseIdleConnections)
	c, err := client.New(client.Config{Endpoint: server.URL + "/files/", Doer: doer, Retry: retry.Delays(time.Millisecond)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var failures []*client.Error
	_, err = c.Upload(ctx, clienttest.TextSource(t, "hello"), &client.UploadOptions{OnEvent: func(ev client.Event) {
		if e, ok := errors.AsType[*client.Error](ev.Err); ok && ev.Kind == client.EventRetry {
			failures = append(failures, e)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if len(failures) != 1 || failures[0].Stale {
		t.Errorf("failures %v, want one that is not stale", failures)
	}
	mu.Lock()
	defer mu.Unlock()
	if got := slices.Compact(protos); len(got) != 1 || got[0] != "HTTP/2.0" {
		t.Errorf("requests over %v, want HTTP/2.0", got)
	}
	if got := slices.Compact(from); len(got) != 1 {
		t.Errorf("requests from %v, want one connection", got)
	}
}
