package client_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// Where redirects that hold for one request lead is good until something fails:
// the upload is where it was, and the next node may be another one.
func TestRedirectIsKeptWhileItWorks(t *testing.T) {
	for name, status := range map[string]int{"307": 307, "302": 302} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s, node := balanced(t, status)
				data := noise(smallest)
				name := write(t, data)

				interrupt(t, s, &store, name)
				*node = "http://a.example"
				s.On(http.MethodPatch, fake.Cut(5))
				res, err := recorder(t, s, &store, nil).Upload(t.Context(), path(t, name), nil)
				wantIs(t, err, retry.ErrExhausted)
				if r := onlyRecord(t, &store); r.URL != s.URL+"1" || res.URL != s.URL+"1" {
					t.Errorf("record %+v, result %+v", r, res)
				}

				// Across runs, and within one, the balancer is asked, not the node.
				already := len(s.Requests())
				*node = "http://b.example"
				s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					*node = "http://c.example"
					fake.Cut(3)(w, r, next)
				})
				cfg := recording(&store, nil)
				cfg.Retry = nil
				res, err = newClient(t, s, cfg).Upload(t.Context(), path(t, name), nil)
				if err != nil {
					t.Fatal(err)
				}
				if res.URL != s.URL+"1" {
					t.Errorf("result %+v", res)
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
				wantStored(t, s, res.URL, data)
			})
		})
	}
}

// balanced is a server that sends every HEAD to the node of the hour.
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

// What a Doer makes of a URL by itself, such as one that is signed, is for that
// request: the next one is for the URL as it was.
func TestDoerRewrites(t *testing.T) {
	s := fake.New(t, fake.Config{})
	inner := s.Doer()
	signed := doer(func(req *http.Request) (*http.Response, error) {
		req = req.Clone(req.Context())
		req.URL.RawQuery += "&sig=s3cret"
		return inner.Do(req)
	})
	res, err := newClient(t, s, client.Config{Doer: signed, ChunkSize: 2}).Upload(t.Context(), text(t, "hello"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.URL != s.URL+"1" {
		t.Errorf("result %+v", res)
	}
	for _, r := range s.Requests() {
		if n := strings.Count(r.URL, "sig="); n != 1 {
			t.Errorf("%s %s is signed %d times", r.Method, r.URL, n)
		}
	}
}

// The redirects before the first that holds for one request hold for good.
func TestReplyURL(t *testing.T) {
	for name, test := range map[string]struct {
		hops []int
		want string
	}{
		"none":              {nil, "1"},
		"for good":          {[]int{308}, "2"},
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
				s.On(http.MethodHead, fake.Status(status, "", "Location", "/files/"+string(rune('2'+i))))
			}
			s.On(http.MethodHead, fake.Status(200, "", "Upload-Offset", "5"))
			reply, err := newClient(t, s, client.Config{}).Head(t.Context(), url, nil)
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
