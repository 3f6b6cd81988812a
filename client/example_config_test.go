package client_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// The token source is asked for a token before each request. A source that caches its token
// also has a method Invalidate, which is called when the server has refused the token. The
// upload then resumes with the next token.
func ExampleConfig_token() {
	uploads := fake.Handler(fake.Config{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer token-2" {
			http.Error(w, "token has ended", http.StatusUnauthorized)
			return
		}
		uploads.ServeHTTP(w, r)
	}))
	defer server.Close()

	c, err := client.New(client.Config{
		Endpoint: server.URL + "/files/",
		Doer:     transport.Chain(nethttp.New(nethttp.Config{}), transport.Bearer(&session{n: 1})),
	})
	if err != nil {
		log.Fatal(err)
	}
	src, err := client.Path("testdata/elephant.txt")
	if err != nil {
		log.Fatal(err)
	}
	res, err := c.Upload(context.Background(), src, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d bytes, %d retry\n", res.Offset, res.Retries)
	// Output:
	// 42 bytes, 1 retry
}

// session is a token source that caches its token until a server refuses it.
type session struct {
	mu sync.Mutex
	n  int
}

func (s *session) Token(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("token-%d", s.n), nil
}

func (s *session) Invalidate(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if token == fmt.Sprintf("token-%d", s.n) {
		s.n++
	}
}

// The server has a certificate from your own authority. A client certificate is set in
// nethttp.Config as well.
func ExampleConfig_tls() {
	server := httptest.NewTLSServer(fake.Handler(fake.Config{}))
	defer server.Close()
	authorities := x509.NewCertPool() // or nethttp.LoadCertPool("ca.pem")
	authorities.AddCert(server.Certificate())

	c, err := client.New(client.Config{
		Endpoint: server.URL + "/files/",
		Doer:     nethttp.New(nethttp.Config{RootCAs: authorities}),
	})
	if err != nil {
		log.Fatal(err)
	}
	src, err := client.Path("testdata/elephant.txt")
	if err != nil {
		log.Fatal(err)
	}
	res, err := c.Upload(context.Background(), src, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Offset, "bytes")
	// Output:
	// 42 bytes
}

// All uploads of a Client share the rate limit. This server requires chunks of 5 MiB to
// 200 MiB, in multiples of 256 KiB.
func ExampleConfig_limits() {
	server := newExampleServer()
	defer server.Close()

	c, err := client.New(client.Config{
		Endpoint:  server.URL + "/files/",
		RateLimit: 10 << 20, // bytes in a second
		ChunkSize: 50 << 20,
		Limits:    client.Limits{MinRequest: 5 << 20, MaxRequest: 200 << 20, Multiple: 256 << 10},
	})
	if err != nil {
		log.Fatal(err)
	}
	src, err := client.Path("testdata/elephant.txt")
	if err != nil {
		log.Fatal(err)
	}
	res, err := c.Upload(context.Background(), src, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Offset, "bytes")
	// Output:
	// 42 bytes
}

// This server answers 403 with a certain text if a token has expired. Classify treats that as
// a 401, and the upload resumes with the next token.
func ExampleConfig_classify() {
	uploads := fake.Handler(fake.Config{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer token-2" {
			http.Error(w, "token expired", http.StatusForbidden)
			return
		}
		uploads.ServeHTTP(w, r)
	}))
	defer server.Close()

	c, err := client.New(client.Config{
		Endpoint: server.URL + "/files/",
		Doer:     transport.Chain(nethttp.New(nethttp.Config{}), transport.Bearer(&session{n: 1})),
		Classify: func(e *client.Error, class client.Class) client.Class {
			if e.StatusCode == http.StatusForbidden && strings.HasPrefix(e.Body, "token expired") {
				return client.ClassAuth
			}
			return class
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	src, err := client.Path("testdata/elephant.txt")
	if err != nil {
		log.Fatal(err)
	}
	res, err := c.Upload(context.Background(), src, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Offset, "bytes")
	// Output:
	// 42 bytes
}
