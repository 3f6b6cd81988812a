package client_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
)

// tokens is a token source that returns the same token until that token is invalidated.
type tokens struct {
	mu      sync.Mutex
	asked   int
	refused []string
}

func (s *tokens) Token(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	return fmt.Sprintf("token-%d", len(s.refused)+1), nil
}

func (s *tokens) Invalidate(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = append(s.refused, token)
}

// expired is the answer to a token that has expired.
var expired = fake.Status(http.StatusUnauthorized, "token expired\n", "WWW-Authenticate", "Bearer")

func TestTokenRenewed(t *testing.T) {
	const post, head = "POST /files/", "HEAD /files/1"
	tests := map[string]struct {
		post, head, patch []fake.Action
		want              []string
		tokens            []string // of the requests, abbreviated
	}{
		"creation": {
			post:   []fake.Action{expired},
			want:   []string{post, post, "PATCH /files/1 0+3", "PATCH /files/1 3+2"},
			tokens: []string{"1", "2", "2", "2"},
		},
		"in the middle": {
			patch:  []fake.Action{nil, expired},
			want:   []string{post, "PATCH /files/1 0+3", "PATCH /files/1 3+2", head, "PATCH /files/1 3+2"},
			tokens: []string{"1", "1", "1", "2", "2"},
		},
		"HEAD": {
			patch:  []fake.Action{fake.Cut(1)},
			head:   []fake.Action{expired},
			want:   []string{post, "PATCH /files/1 0+1", head, head, "PATCH /files/1 1+3", "PATCH /files/1 4+1"},
			tokens: []string{"1", "1", "1", "2", "2", "2"},
		},
		"again after progress": {
			patch:  []fake.Action{expired, nil, expired},
			want:   []string{post, "PATCH /files/1 0+3", head, "PATCH /files/1 0+3", "PATCH /files/1 3+2", head, "PATCH /files/1 3+2"},
			tokens: []string{"1", "1", "2", "2", "2", "3", "3"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				s.On(http.MethodPost, test.post...)
				s.On(http.MethodHead, test.head...)
				s.On(http.MethodPatch, test.patch...)
				src := new(tokens)
				c := clienttest.NewClient(t, s, client.Config{Doer: transport.Chain(s.Doer(), transport.Bearer(src))})
				began := time.Now()
				var events []client.Event
				res, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), &client.UploadOptions{ChunkSize: 3, OnEvent: clienttest.RecordEvents(&events)})
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantRequests(t, s, test.want...)
				clienttest.WantStored(t, s, res.URL, "hello")
				clienttest.WantEventOrder(t, events)
				var got []string
				for _, r := range s.Requests() {
					got = append(got, r.Header.Get("Authorization")[len("Bearer token-"):])
				}
				if diff := cmp.Diff(test.tokens, got); diff != "" {
					t.Errorf("tokens (-want +got):\n%s", diff)
				}
				if src.asked != len(test.want) {
					t.Errorf("the token source was called %d times for %d requests", src.asked, len(test.want))
				}
				refused := []string{"token-1", "token-2"}[:len(slices.Compact(got))-1]
				if diff := cmp.Diff(refused, src.refused); diff != "" {
					t.Errorf("refused tokens (-want +got):\n%s", diff)
				}
				// There is no wait, except after a lost connection.
				if took := time.Since(began); took > retry.DefaultResume {
					t.Errorf("took %v, want at most %v", took, retry.DefaultResume)
				}
			})
		})
	}
}

func TestTokenRenewedForOptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		s.On(http.MethodOptions, expired)
		c := clienttest.NewClient(t, s, client.Config{Doer: transport.Chain(s.Doer(), transport.Bearer(new(tokens)))})
		res, err := c.UploadConcat(t.Context(), []client.Source{clienttest.TextSource(t, "a")}, nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, "a")
	})
}

// A refused token is renewed under every policy that allows a retry, and under no other.
func TestTokenRenewedByPolicy(t *testing.T) {
	tests := map[string]struct {
		retry retry.Policy
		fails bool
	}{
		"Backoff":          {retry.Backoff{MaxAttempts: 2}, false},
		"Delays":           {retry.Delays(time.Hour), false},
		"Retryable is set": {retry.Backoff{Retryable: retry.Retryable}, false},
		"no second try":    {retry.Backoff{MaxAttempts: 1}, true},
		"Never":            {retry.Never, true},
		"refuses to try":   {retry.Backoff{Retryable: func(error) bool { return false }}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				s.On(http.MethodPost, expired)
				c := clienttest.NewClient(t, s, client.Config{Retry: test.retry, Doer: transport.Chain(s.Doer(), transport.Bearer(new(tokens)))})
				began := time.Now()
				_, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
				if test.fails {
					clienttest.WantErrorIs(t, err, protocol.ErrUnauthorized)
					clienttest.WantRequests(t, s, "POST /files/")
				} else if err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); took != 0 {
					t.Errorf("took %v, want 0", took)
				}
			})
		})
	}
}

func TestUnauthorized(t *testing.T) {
	bearer := func() transport.Middleware { return transport.Bearer(new(tokens)) }
	const patch, head = "PATCH /files/1 2+3", "HEAD /files/1"
	tests := map[string]struct {
		auth        transport.Middleware // nil: none
		header      http.Header
		foreign     bool // the upload is not at the endpoint
		head, patch []fake.Action
		want        []string
	}{
		"new token refused too": {
			auth: bearer(), patch: []fake.Action{expired, expired},
			want: []string{head, patch, head, patch},
		},
		"new token refused by HEAD": {
			auth: bearer(), patch: []fake.Action{expired}, head: []fake.Action{nil, expired},
			want: []string{head, patch, head},
		},
		"static token": {
			auth: transport.Bearer(transport.StaticToken("a")), patch: []fake.Action{expired},
			want: []string{head, patch},
		},
		"basic": {
			auth: transport.BasicAuth("a", "b"), patch: []fake.Action{expired},
			want: []string{head, patch},
		},
		"none": {
			patch: []fake.Action{expired},
			want:  []string{head, patch},
		},
		"given with the call": {
			auth: bearer(), header: http.Header{"Authorization": {"Bearer a"}}, patch: []fake.Action{expired},
			want: []string{head, patch},
		},
		"another origin": {
			auth: bearer(), foreign: true, patch: []fake.Action{expired},
			want: []string{head, patch},
		},
		"forbidden": {
			auth: bearer(), patch: []fake.Action{fake.Status(403, "")},
			want: []string{head, patch},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				url := s.Put("he", protocol.Known(5), nil)
				s.On(http.MethodHead, test.head...)
				s.On(http.MethodPatch, test.patch...)
				config := client.Config{Doer: transport.Chain(s.Doer(), test.auth)}
				if test.foreign {
					config.Endpoint = "http://other.example/files/"
				}
				began := time.Now()
				res, err := clienttest.NewClient(t, s, config).Resume(t.Context(), url, clienttest.TextSource(t, "hello"), &client.UploadOptions{Header: test.header})
				if name == "forbidden" {
					clienttest.WantErrorIs(t, err, protocol.ErrForbidden)
				} else {
					clienttest.WantErrorIs(t, err, protocol.ErrUnauthorized)
				}
				clienttest.WantRequests(t, s, test.want...)
				if res.URL != url || res.Offset != 2 || res.Length != protocol.Known(5) {
					t.Errorf("result %+v, want URL %q, Offset 2 and Length %v", res, url, protocol.Known(5))
				}
				if took := time.Since(began); took != 0 {
					t.Errorf("took %v, want 0", took)
				}
				// The next run resumes.
				if _, err = clienttest.NewClient(t, s, client.Config{}).Resume(t.Context(), res.URL, clienttest.TextSource(t, "hello"), nil); err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, url, "hello")
			})
		})
	}
}

// If Config.Classify makes ClassAuth of a 403, the token is renewed as after a 401.
func TestForbiddenRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		s.On(http.MethodPatch, nil, fake.Status(http.StatusForbidden, "token expired\n"))
		source := &tokens{}
		res, err := clienttest.NewClient(t, s, client.Config{
			ChunkSize: 3,
			Doer:      transport.Chain(s.Doer(), transport.Bearer(source)),
			Classify: func(e *client.Error, class client.Class) client.Class {
				if e.StatusCode == http.StatusForbidden {
					return client.ClassAuth
				}
				return class
			},
		}).Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, "hello")
		clienttest.WantRequests(t, s, "POST /files/", "PATCH /files/1 0+3", "PATCH /files/1 3+2", "HEAD /files/1", "PATCH /files/1 3+2")
		if diff := cmp.Diff([]string{"token-1"}, source.refused); diff != "" {
			t.Errorf("tokens reported as refused (-want +got):\n%s", diff)
		}
	})
}
