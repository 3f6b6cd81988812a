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
)

func TestResume(t *testing.T) {
	known := protocol.Known
	tests := map[string]struct {
		has    string
		length protocol.Length
		src    func() client.Source
		want   []string
		stored string
		is     error
	}{
		"from the beginning": {"", known(5), nil, []string{"HEAD /files/1", "PATCH /files/1 0+5"}, "hello", nil},
		"from the middle":    {"he", known(5), nil, []string{"HEAD /files/1", "PATCH /files/1 2+3"}, "hello", nil},
		"complete":           {"hello", known(5), nil, []string{"HEAD /files/1"}, "hello", nil},
		"shorter upload":     {"he", known(4), nil, []string{"HEAD /files/1"}, "he", client.ErrLengthMismatch},
		"longer upload":      {"he", known(6), nil, []string{"HEAD /files/1"}, "he", client.ErrLengthMismatch},

		"deferred length":           {"he", protocol.Length{}, nil, []string{"HEAD /files/1", "PATCH /files/1 2+3 of 5"}, "hello", nil},
		"deferred, all there":       {"hello", protocol.Length{}, nil, []string{"HEAD /files/1", "PATCH /files/1 5+0 of 5"}, "hello", nil},
		"deferred, more than there": {"hello!", protocol.Length{}, nil, []string{"HEAD /files/1"}, "hello!", client.ErrLengthMismatch},

		"stream skips what is there":  {"he", known(5), func() client.Source { return stream("hello", 2) }, []string{"HEAD /files/1", "PATCH /files/1 2+1", "PATCH /files/1 3+1", "PATCH /files/1 4+1"}, "hello", nil},
		"stream declares its length":  {"he", protocol.Length{}, func() client.Source { return stream("hello", 0) }, []string{"HEAD /files/1", "PATCH /files/1 2+3 of 5"}, "hello", nil},
		"stream, all there":           {"hello", protocol.Length{}, func() client.Source { return stream("hello", 0) }, []string{"HEAD /files/1", "PATCH /files/1 5+0 of 5"}, "hello", nil},
		"stream, complete":            {"hello", known(5), func() client.Source { return stream("hello", 0) }, []string{"HEAD /files/1"}, "hello", nil},
		"stream ends before":          {"he", known(6), func() client.Source { return stream("hello", 0) }, []string{"HEAD /files/1"}, "he", client.ErrLengthMismatch},
		"stream ends before offset":   {"hello", known(9), func() client.Source { return stream("hel", 1) }, []string{"HEAD /files/1"}, "hello", client.ErrSourceChanged},
		"stream is longer":            {"he", known(4), func() client.Source { return stream("hello", 0) }, []string{"HEAD /files/1"}, "he", client.ErrLengthMismatch},
		"stream ends early, late":     {"he", known(9), func() client.Source { return stream("hello", 1) }, []string{"HEAD /files/1", "PATCH /files/1 2+1", "PATCH /files/1 3+1"}, "hell", client.ErrLengthMismatch},
		"stream is longer, late":      {"he", known(4), func() client.Source { return stream("hello!", 1) }, []string{"HEAD /files/1", "PATCH /files/1 2+1", "PATCH /files/1 3+1"}, "hell", client.ErrLengthMismatch},
		"complete, stream has more":   {"hello", known(5), func() client.Source { return stream("hello!", 0) }, []string{"HEAD /files/1"}, "hello", client.ErrLengthMismatch},
		"stream of a stated length":   {"he", known(5), func() client.Source { return stated("hello", 5) }, []string{"HEAD /files/1", "PATCH /files/1 2+3"}, "hello", nil},
		"stream of another stated":    {"he", known(5), func() client.Source { return stated("hell", 4) }, []string{"HEAD /files/1"}, "he", client.ErrLengthMismatch},
		"stream shorter than it said": {"he", known(5), func() client.Source { return stated("hell", 5) }, []string{"HEAD /files/1"}, "he", client.ErrSourceChanged},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				url := s.Put(test.has, test.length, nil)
				src := text(t, "hello")
				if test.src != nil {
					src = test.src()
				}
				var events []client.Event
				res, err := newClient(t, s, client.Config{}).Resume(t.Context(), url, src, &client.UploadOptions{OnEvent: recordEvents(&events)})
				wantSeen(t, s, test.want...)
				wantStored(t, s, url, test.stored)
				wantOrder(t, events)
				if res.URL != url {
					t.Errorf("result has URL %q", res.URL)
				}
				if test.is != nil {
					wantIs(t, err, test.is)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				want := &client.Result{
					URL: url, Offset: 5, Length: known(5), Sent: int64(5 - len(test.has)), Resumed: int64(len(test.has)), Header: res.Header,
				}
				if diff := cmp.Diff(want, res); diff != "" {
					t.Errorf("result (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// stated is a stream that says how long it is.
func stated(s string, n int64) client.Source {
	return client.Stream(strings.NewReader(s), &client.StreamOptions{Length: protocol.Known(n)})
}

func TestSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		url := s.Put("he", protocol.Known(5), nil)
		c := newClient(t, s, client.Config{})
		s.On(http.MethodPatch, nil, fake.Cut(0))
		res, err := resumeOnce(c, t.Context(), url, text(t, "hello"), &client.UploadOptions{ChunkSize: 1})
		if e := facts(t, err); e.Op != protocol.OpPatch {
			t.Errorf("failed in %s", e.Op)
		}
		wantSeen(t, s, "HEAD /files/1", "PATCH /files/1 2+1", "PATCH /files/1 3+0")
		if res.Offset != 3 || res.Retries != 0 || res.URL != url {
			t.Errorf("result %+v", res)
		}
		if _, err = resumeOnce(c, t.Context(), url, text(t, "hello"), nil); err != nil {
			t.Fatal(err)
		}
		wantStored(t, s, url, "hello")

		s.On(http.MethodHead, fake.Status(503, "busy"))
		_, err = resumeOnce(c, t.Context(), url, text(t, "hello"), nil)
		wantIs(t, err, protocol.ErrUnavailable)
	})
}
