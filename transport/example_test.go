package transport_test

import (
	"context"
	"encoding/pem"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// The server has a certificate of a private authority, and requires a token
// that is requested for each request.
func ExampleChain() {
	server := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Method, r.Header.Get("Authorization"), r.UserAgent())
	}))
	defer server.Close()
	caFile, remove := writeAuthority(server)
	defer remove()

	pool, err := nethttp.LoadCertPool(caFile)
	if err != nil {
		log.Fatal(err)
	}
	client := nethttp.New(nethttp.Config{RootCAs: pool})
	defer client.CloseIdleConnections()

	n := 0
	tokens := transport.TokenFunc(func(context.Context) (string, error) {
		n++
		return fmt.Sprintf("token-%d", n), nil
	})
	doer := transport.Chain(client, transport.Bearer(tokens), transport.UserAgent("example/1"))

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
	}
	// Output:
	// HEAD Bearer token-1 example/1
	// PATCH Bearer token-2 example/1
}

// This middleware counts answers by status.
func ExampleMiddleware() {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()

	statuses := make(map[int]int)
	count := func(next transport.Doer) transport.Doer {
		return transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
			resp, err := next.Do(req)
			if err == nil {
				statuses[resp.StatusCode]++
			}
			return resp, err
		})
	}
	doer := transport.Chain(server.Client(), count, transport.RequestID())

	for range 2 {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodHead, server.URL, nil)
		if err != nil {
			log.Fatal(err)
		}
		resp, err := doer.Do(req)
		if err != nil {
			log.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	fmt.Println(statuses)
	// Output: map[404:2]
}

// The body of the PATCH is a range of a file.
func ExampleFileBody() {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println(r.ContentLength)
	}))
	defer server.Close()

	file, err := os.Open("example_test.go")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	body, err := transport.FileBody(file, 8, 100)
	if err != nil {
		log.Fatal(err)
	}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPatch, server.URL, body)
	if err != nil {
		log.Fatal(err)
	}
	req.ContentLength = 100 // net/http does not know the length
	resp, err := server.Client().Do(req)
	if err != nil {
		log.Fatal(err)
	}
	_ = resp.Body.Close()
	// Output: 100
}

// writeAuthority writes the certificate of s, which is self-signed, to a file.
func writeAuthority(s *httptest.Server) (file string, remove func()) {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	file = filepath.Join(dir, "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(file, block, 0o600); err != nil {
		log.Fatal(err)
	}
	return file, func() { _ = os.RemoveAll(dir) }
}
