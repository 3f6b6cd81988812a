package client_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// The target of a temporary redirect is used until a request fails. Then the upload's own URL
// is requested, because the redirect may lead to another node.
func TestRedirectIsKeptWhileItWorks(t *testing.T) {
	for name, status := range map[string]int{"307": 307, "302": 302} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s, node := balanced(t, status)
				data := clienttest.Noise(clienttest.RecordedSize)
				name := clienttest.WriteFile(t, data)

				clienttest.InterruptUpload(t, s, &store, name)
				*node = "http://a.example"
				s.On(http.MethodPatch, fake.Cut(5))
				res, err := clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), clienttest.PathSource(t, name), nil)
				clienttest.WantErrorIs(t, err, retry.ErrExhausted)
				if r := clienttest.OnlyRecord(t, &store); r.URL != s.URL+"1" || res.URL != s.URL+"1" {
					t.Errorf("record %+v, result %+v, want URL %q and URL %q", r, res, s.URL+"1", s.URL+"1")
				}

				// A later run, and the same run after a failure, ask the balancer, not the node.
				already := len(s.Requests())
				*node = "http://b.example"
				s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					*node = "http://c.example"
					fake.Cut(3)(w, r, next)
				})
				cfg := clienttest.RecordingConfig(&store, nil)
				cfg.Retry = nil
				res, err = clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
				if err != nil {
					t.Fatal(err)
				}
				if res.URL != s.URL+"1" {
					t.Errorf("result %+v, want URL %q", res, s.URL+"1")
				}
				var got []string
				for _, r := range s.Requests()[already:] {
					got = append(got, r.Method+" "+strings.TrimSuffix(r.URL, "/files/1"))
				}
				want := []string{
					"HEAD http://tus.example", "HEAD http://b.example", "PATCH http://b.example",
					"HEAD http://tus.example", "HEAD http://c.example", "PATCH http://c.example",
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
				clienttest.WantStored(t, s, res.URL, data)
			})
		})
	}
}

// After a refusal from the target of a redirect, the upload is requested at its own URL. HEAD
// decides whether it is gone. Another refusal counts if it comes twice.
func TestNodeRefusesAfterRedirect(t *testing.T) {
	gone, refused := fake.Status(404, "no such node\n"), fake.Status(403, "the link has expired\n")
	for name, test := range map[string]struct {
		answers []fake.Action // of the node to PATCH
		head    fake.Action   // to the HEAD that follows
		is      error         // nil: the upload is complete
		sent    int           // PATCHes
	}{
		"gone once":                {[]fake.Action{gone}, nil, nil, 3},
		"gone for long":            {slices.Repeat([]fake.Action{gone}, 5), nil, nil, 7},
		"gone at every retry":      {slices.Repeat([]fake.Action{gone}, 100), nil, protocol.ErrNotFound, 10},
		"gone at its own URL, too": {[]fake.Action{nil, gone}, gone, client.ErrUncertain, 2},
		"refused once":             {[]fake.Action{refused}, nil, nil, 3},
		"refused twice":            {[]fake.Action{refused, refused}, nil, protocol.ErrForbidden, 2},
		"refused later":            {[]fake.Action{refused, nil, refused}, nil, nil, 4},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s, node := balanced(t, http.StatusTemporaryRedirect)
				*node = "http://a.example"
				data := clienttest.Noise(clienttest.RecordedSize)
				name := clienttest.WriteFile(t, data)
				clienttest.InterruptUpload(t, s, &store, name)
				already := len(s.Requests())
				s.On(http.MethodPatch, test.answers...)
				if test.head != nil {
					s.On(http.MethodHead, nil, test.head)
				}
				cfg := clienttest.RecordingConfig(&store, nil)
				cfg.Retry, cfg.ChunkSize = nil, clienttest.ChunkSize/2
				res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
				posts, patches := 0, 0
				for _, r := range s.Requests()[already:] {
					switch r.Method {
					case http.MethodPost:
						posts++
					case http.MethodPatch:
						patches++
					}
				}
				if posts != 0 || patches != test.sent {
					t.Errorf("%d creations, %d requests with bytes, want 0, %d", posts, patches, test.sent)
				}
				if test.is != nil {
					clienttest.WantErrorIs(t, err, test.is)
					if r := clienttest.OnlyRecord(t, &store); r.URL != s.URL+"1" {
						t.Errorf("record %+v, want URL %q", r, s.URL+"1")
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, data)
				clienttest.WantNoRecord(t, &store)
			})
		})
	}
}

// Without retries, the refusal of a node is the error, and HEAD is left to the next run.
func TestNodeRefusesWithoutRetries(t *testing.T) {
	begun := func(t *testing.T, store client.Store) (*fake.Server, string) {
		t.Helper()
		s, node := balanced(t, http.StatusTemporaryRedirect)
		*node = "http://a.example"
		name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
		clienttest.InterruptUpload(t, s, store, name)
		return s, name
	}
	t.Run("refused", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s, name := begun(t, new(client.MemoryStore))
			s.On(http.MethodPatch, fake.Status(403, ""))
			_, err := clienttest.ResumeOnce(t.Context(), clienttest.NewClient(t, s, client.Config{}), s.URL+"1", clienttest.PathSource(t, name), nil)
			if e := clienttest.ErrorOf(t, err); e.Class != client.ClassFinal || errors.Is(err, retry.ErrExhausted) {
				t.Errorf("%v is %v, want not ErrExhausted and Class %v", err, e.Class, client.ClassFinal)
			}
		})
	})
	t.Run("gone", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var store client.MemoryStore
			s, name := begun(t, &store)
			already := len(s.Seen())
			s.On(http.MethodPatch, fake.Status(404, ""))
			_, err := clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), clienttest.PathSource(t, name), nil)
			clienttest.WantErrorIs(t, err, protocol.ErrNotFound)
			s.On(http.MethodHead, fake.Status(404, ""))
			_, err = clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), clienttest.PathSource(t, name), nil)
			clienttest.WantErrorIs(t, err, client.ErrUncertain)
			if n := clienttest.RequestCounts(s, already); n["POST"] != 0 || n["PATCH"] != 1 {
				t.Errorf("requests %v, want [\"POST\"] 0 and [\"PATCH\"] 1", n)
			}
		})
	})
}

// balanced returns a server that redirects every HEAD to the node that the second result names.
func balanced(t *testing.T, status int) (*fake.Server, *string) {
	t.Helper()
	node := new(string)
	return fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method == http.MethodHead && r.Host == "tus.example" {
			http.Redirect(w, r, *node+r.URL.Path, status)
			return
		}
		next.ServeHTTP(w, r)
	}}), node
}

// A URL that a Doer rewrote, such as a signed one, is used for one request. The next request
// begins with the original URL.
func TestDoerRewritesURL(t *testing.T) {
	s := fake.New(t, fake.Config{})
	inner := s.Doer()
	signed := transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
		req = req.Clone(req.Context())
		if req.URL.RawQuery += "&sig=s3cret"; req.Method == http.MethodPost {
			req.URL.Path += "gate/"
		}
		return inner.Do(req)
	})
	// A relative Location is relative to the original URL.
	s.On(http.MethodPost, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		r.URL.RawQuery = ""
		fake.With("Location", "1")(w, r, next)
	})
	res, err := clienttest.NewClient(t, s, client.Config{Doer: signed, ChunkSize: 2}).Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.URL != s.URL+"1" {
		t.Errorf("result %+v, want URL %q", res, s.URL+"1")
	}
	for _, r := range s.Requests() {
		if n := strings.Count(r.URL, "sig="); n != 1 {
			t.Errorf("%s %s is signed %d times, want 1", r.Method, r.URL, n)
		}
	}
}

// Reply.URL is the target of the permanent redirects before the first temporary one.
func TestReplyURL(t *testing.T) {
	for name, test := range map[string]struct {
		hops []int
		want string
	}{
		"none":              {nil, "1"},
		"permanent":         {[]int{308}, "2"},
		"for good, twice":   {[]int{301, 308}, "3"},
		"for once":          {[]int{307}, "1"},
		"for good, once":    {[]int{308, 302}, "2"},
		"for once, good":    {[]int{307, 308}, "1"},
		"other, then again": {[]int{301, 303, 301}, "2"},
	} {
		t.Run(name, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			url := s.Put("hello", protocol.Length{}, nil)
			for i, status := range test.hops {
				s.On(http.MethodHead, fake.Status(status, "", "Location", "/files/"+string(rune('2'+i))+"#here"))
			}
			s.On(http.MethodHead, fake.Status(200, "", "Upload-Offset", "5"))
			reply, err := clienttest.NewClient(t, s, client.Config{}).Head(t.Context(), url, nil)
			if err != nil {
				t.Fatal(err)
			}
			last := s.URL + string(rune('1'+len(test.hops)))
			if reply.URL != s.URL+test.want || reply.State.Location != last {
				t.Errorf("URL %s, Location %s, want %s, %s", reply.URL, reply.State.Location, s.URL+test.want, last)
			}
		})
	}
}

// A redirect from https to http is refused, even if the next redirect leads back to https.
func TestRedirectStaysOnTLS(t *testing.T) {
	hops := map[string]string{
		"https://tus.example/1": "http://open.example/1", "http://open.example/1": "https://tus.example/2",
	}
	plain := &http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
		resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Upload-Offset": {"0"}}, Body: http.NoBody, Request: req}
		if to, ok := hops[req.URL.String()]; ok {
			resp.StatusCode, resp.Header = 308, http.Header{"Location": {to}}
		}
		return resp, nil
	})}
	c, err := client.New(client.Config{Doer: plain})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Head(t.Context(), "https://tus.example/1", nil)
	clienttest.WantErrorIs(t, err, client.ErrRedirected, nethttp.ErrInsecureRedirect)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// A URL that a RoundTripper rewrote does not count as the target of a redirect.
func TestRedirectedAndSigned(t *testing.T) {
	for _, status := range []int{307, 308} {
		s := fake.New(t, fake.Config{})
		url := s.Put("", protocol.Known(5), nil)
		s.On(http.MethodHead, fake.Status(status, "", "Location", "/files/1?node=a#here"))
		inner := s.Doer()
		signed := *inner
		signed.Transport = roundTrip(func(req *http.Request) (*http.Response, error) {
			req = req.Clone(req.Context())
			req.URL.RawQuery += "&sig=s3cret"
			req.URL.Host = "inside.example"
			return inner.Transport.RoundTrip(req)
		})
		res, err := clienttest.NewClient(t, s, client.Config{Doer: &signed, ChunkSize: 2}).Resume(t.Context(), url, clienttest.TextSource(t, "hello"), nil)
		if err != nil {
			t.Fatal(err)
		}
		want := map[int]string{307: url, 308: url + "?node=a"}[status]
		if res.URL != want {
			t.Errorf("%d: URL %s, want %s", status, res.URL, want)
		}
		for _, r := range s.Requests()[1:] {
			if !strings.HasSuffix(r.URL, "/1?node=a&sig=s3cret") {
				t.Errorf("%d: %s %s, want the suffix %q", status, r.Method, r.URL, "/1?node=a&sig=s3cret")
			}
		}
	}
}
