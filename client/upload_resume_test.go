package client_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
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

		"stream skips stored bytes":   {"he", known(5), func() client.Source { return clienttest.StreamSource("hello", 2) }, []string{"HEAD /files/1", "PATCH /files/1 2+1", "PATCH /files/1 3+1", "PATCH /files/1 4+1"}, "hello", nil},
		"stream declares its length":  {"he", protocol.Length{}, func() client.Source { return clienttest.StreamSource("hello", 0) }, []string{"HEAD /files/1", "PATCH /files/1 2+3 of 5"}, "hello", nil},
		"stream, all there":           {"hello", protocol.Length{}, func() client.Source { return clienttest.StreamSource("hello", 0) }, []string{"HEAD /files/1", "PATCH /files/1 5+0 of 5"}, "hello", nil},
		"stream, complete":            {"hello", known(5), func() client.Source { return clienttest.StreamSource("hello", 0) }, []string{"HEAD /files/1"}, "hello", nil},
		"stream ends before":          {"he", known(6), func() client.Source { return clienttest.StreamSource("hello", 0) }, []string{"HEAD /files/1"}, "he", client.ErrLengthMismatch},
		"stream ends before offset":   {"hello", known(9), func() client.Source { return clienttest.StreamSource("hel", 1) }, []string{"HEAD /files/1"}, "hello", client.ErrSourceChanged},
		"stream is longer":            {"he", known(4), func() client.Source { return clienttest.StreamSource("hello", 0) }, []string{"HEAD /files/1"}, "he", client.ErrLengthMismatch},
		"stream ends early, late":     {"he", known(9), func() client.Source { return clienttest.StreamSource("hello", 1) }, []string{"HEAD /files/1", "PATCH /files/1 2+1", "PATCH /files/1 3+1"}, "hell", client.ErrLengthMismatch},
		"stream is longer, late":      {"he", known(4), func() client.Source { return clienttest.StreamSource("hello!", 1) }, []string{"HEAD /files/1", "PATCH /files/1 2+1", "PATCH /files/1 3+1"}, "hell", client.ErrLengthMismatch},
		"complete, stream has more":   {"hello", known(5), func() client.Source { return clienttest.StreamSource("hello!", 0) }, []string{"HEAD /files/1"}, "hello", client.ErrLengthMismatch},
		"stream of a stated length":   {"he", known(5), func() client.Source { return clienttest.SizedStream("hello", 5) }, []string{"HEAD /files/1", "PATCH /files/1 2+3"}, "hello", nil},
		"stream of another stated":    {"he", known(5), func() client.Source { return clienttest.SizedStream("hell", 4) }, []string{"HEAD /files/1"}, "he", client.ErrLengthMismatch},
		"stream shorter than it said": {"he", known(5), func() client.Source { return clienttest.SizedStream("hell", 5) }, []string{"HEAD /files/1"}, "he", client.ErrSourceChanged},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				url := s.Put(test.has, test.length, nil)
				src := clienttest.TextSource(t, "hello")
				if test.src != nil {
					src = test.src()
				}
				var events []client.Event
				res, err := clienttest.NewClient(t, s, client.Config{}).Resume(t.Context(), url, src, &client.UploadOptions{OnEvent: clienttest.RecordEvents(&events)})
				clienttest.WantRequests(t, s, test.want...)
				clienttest.WantStored(t, s, url, test.stored)
				clienttest.WantEventOrder(t, events)
				if res.URL != url {
					t.Errorf("result has URL %q, want %q", res.URL, url)
				}
				if test.is != nil {
					clienttest.WantErrorIs(t, err, test.is)
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

func TestSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		url := s.Put("he", protocol.Known(5), nil)
		c := clienttest.NewClient(t, s, client.Config{})
		s.On(http.MethodPatch, nil, fake.Cut(0))
		res, err := clienttest.ResumeOnce(t.Context(), c, url, clienttest.TextSource(t, "hello"), &client.UploadOptions{ChunkSize: 1})
		if e := clienttest.ErrorOf(t, err); e.Op != protocol.OpPatch {
			t.Errorf("failed in %s, want %q", e.Op, protocol.OpPatch)
		}
		clienttest.WantRequests(t, s, "HEAD /files/1", "PATCH /files/1 2+1", "PATCH /files/1 3+0")
		if res.Offset != 3 || res.Retries != 0 || res.URL != url {
			t.Errorf("result %+v, want Offset 3, Retries 0 and URL %q", res, url)
		}
		if _, err = clienttest.ResumeOnce(t.Context(), c, url, clienttest.TextSource(t, "hello"), nil); err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, url, "hello")

		s.On(http.MethodHead, fake.Status(503, "busy"))
		_, err = clienttest.ResumeOnce(t.Context(), c, url, clienttest.TextSource(t, "hello"), nil)
		clienttest.WantErrorIs(t, err, protocol.ErrUnavailable)
	})
}
