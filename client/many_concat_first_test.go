package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// unfinished returns a server with concatenation-unfinished.
func unfinished(t *testing.T, more ...protocol.Extension) *fake.Server {
	t.Helper()
	return fake.New(t, fake.Config{
		Extensions: append([]protocol.Extension{
			protocol.ExtensionCreation, protocol.ExtensionCreationDeferLength,
			protocol.ExtensionConcatenation, protocol.ExtensionConcatenationUnfinished,
		}, more...),
		Checksum: []string{"sha1"},
	})
}

// finalFirst returns options that send one part after the other, so that the order of requests
// is fixed.
func finalFirst(events *[]client.Event) *client.ConcatOptions {
	o := &client.ConcatOptions{FinalFirst: true, Concurrency: 1, Metadata: protocol.Metadata{"filename": "a"}}
	if events != nil {
		o.OnEvent = clienttest.RecordEvents(events)
	}
	return o
}

func TestFinalFirst(t *testing.T) {
	s := unfinished(t)
	c := clienttest.NewClient(t, s, client.Config{ChunkSize: 3})
	var middle protocol.State
	s.On(http.MethodPatch, nil, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		reply, err := c.Head(r.Context(), "http://tus.example/files/3", nil)
		if err != nil {
			t.Error(err)
		} else {
			middle = reply.State
		}
		next.ServeHTTP(w, r)
	})
	var events []client.Event
	res, err := c.UploadConcat(t.Context(), []client.Source{clienttest.TextSource(t, "some "), clienttest.TextSource(t, "bytes")}, finalFirst(&events))
	if err != nil {
		t.Fatal(err)
	}
	clienttest.WantRequests(t, s, clienttest.Options, clienttest.Post, clienttest.Post, clienttest.Post, "PATCH /files/1 0+3", "PATCH /files/1 3+2", "HEAD /files/3",
		"PATCH /files/2 0+3", "PATCH /files/2 3+2")
	clienttest.WantStored(t, s, res.URL, "some bytes")
	if state := s.State(res.URL); state.Metadata["filename"] != "a" || s.State(res.Parts[0].URL).Metadata != nil {
		t.Errorf("metadata %v, want %q and Metadata nil", state.Metadata, "a")
	}
	if middle.Length != protocol.Known(10) || middle.Complete() || middle.Concat.Kind != protocol.ConcatFinal {
		t.Errorf("the final upload during the transfer is %+v, want Length %v, Complete false and Concat.Kind %v", middle, protocol.Known(10), protocol.ConcatFinal)
	}
	want := &client.Result{
		URL: "http://tus.example/files/3", Offset: 10, Length: protocol.Known(10), Sent: 10, CreationHeader: res.CreationHeader, Header: res.Header,
		Parts: []*client.Result{
			{URL: "http://tus.example/files/1", Offset: 5, Length: protocol.Known(5), Sent: 5, CreationHeader: res.Parts[0].CreationHeader, Header: res.Parts[0].Header},
			{URL: "http://tus.example/files/2", Offset: 5, Length: protocol.Known(5), Sent: 5, CreationHeader: res.Parts[1].CreationHeader, Header: res.Parts[1].Header},
		},
	}
	if diff := cmp.Diff(want, res); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	wantFinalFirst(t, events, res.URL)
	var parts []string
	for _, ev := range events {
		if ev.Kind == client.EventDone {
			parts = append(parts, strings.Repeat("part", ev.Part))
		}
	}
	if diff := cmp.Diff([]string{"part", "partpart", ""}, parts); diff != "" {
		t.Errorf("last events of the parts (-want +got):\n%s", diff)
	}
}

// wantFinalFirst checks that the final upload was known before any progress.
func wantFinalFirst(t *testing.T, events []client.Event, url string) {
	t.Helper()
	for _, ev := range events {
		if ev.Kind == client.EventCreated && ev.Part == 0 {
			if ev.URL != url {
				t.Errorf("EventCreated has URL %s, want %s", ev.URL, url)
			}
			return
		}
		if ev.Kind != client.EventCreated {
			t.Errorf("event %v of part %d came before the final upload was created, want %v", ev.Kind, ev.Part, client.EventCreated)
		}
	}
	t.Error("the final upload was never created")
}

// Without concatenation-unfinished, or with a source of unknown length, the final upload is
// created last.
func TestFinalFirstUnsupported(t *testing.T) {
	tests := map[string]struct {
		server func(*testing.T) *fake.Server
		second client.Source
	}{
		"not announced":      {func(t *testing.T) *fake.Server { t.Helper(); return fake.New(t, fake.Config{}) }, clienttest.TextSource(t, "bytes")},
		"length not known":   {func(t *testing.T) *fake.Server { t.Helper(); return unfinished(t) }, clienttest.StreamSource("bytes", 0)},
		"neither":            {func(t *testing.T) *fake.Server { t.Helper(); return fake.New(t, fake.Config{}) }, clienttest.StreamSource("bytes", 0)},
		"length of a stream": {func(t *testing.T) *fake.Server { t.Helper(); return fake.New(t, fake.Config{}) }, clienttest.SizedStream("bytes", 5)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := test.server(t)
			res, err := clienttest.NewClient(t, s, client.Config{}).UploadConcat(t.Context(), []client.Source{clienttest.TextSource(t, "some "), test.second}, finalFirst(nil))
			if err != nil {
				t.Fatal(err)
			}
			clienttest.WantRequests(t, s, clienttest.Options, clienttest.Post, "PATCH /files/1 0+5", clienttest.Post, "PATCH /files/2 0+5", clienttest.Post)
			clienttest.WantStored(t, s, res.URL, "some bytes")
		})
	}
	t.Run("no concatenation", func(t *testing.T) {
		s := fake.New(t, fake.Config{Extensions: []protocol.Extension{protocol.ExtensionCreation}})
		_, err := clienttest.NewClient(t, s, client.Config{}).UploadConcat(t.Context(), []client.Source{clienttest.TextSource(t, "some")}, finalFirst(nil))
		clienttest.WantErrorIs(t, err, client.ErrUnsupported)
		clienttest.WantRequests(t, s, clienttest.Options)
	})
}

// FinalFirst works with streams, empty sources and checksums.
func TestFinalFirstSources(t *testing.T) {
	tests := map[string]struct {
		checksum string
		more     []protocol.Extension
		sources  []client.Source
		want     []string // after the creations
		stored   string
	}{
		"streams of known length": {
			"", nil,
			[]client.Source{clienttest.SizedStream("some ", 5), clienttest.SizedStream("bytes", 5)},
			[]string{"PATCH /files/1 0+5", "PATCH /files/2 0+5"},
			"some bytes",
		},
		"nothing": {"", nil, []client.Source{clienttest.TextSource(t, ""), clienttest.TextSource(t, "")}, nil, ""},
		"checksums before the bytes": {
			"auto",
			[]protocol.Extension{protocol.ExtensionChecksum},
			[]client.Source{clienttest.TextSource(t, "some "), clienttest.TextSource(t, "bytes")},
			[]string{"PATCH /files/1 0+5 sha1", "PATCH /files/2 0+5 sha1"},
			"some bytes",
		},
		"checksums behind the bytes": {
			"sha1",
			[]protocol.Extension{protocol.ExtensionChecksum, protocol.ExtensionChecksumTrailer},
			[]client.Source{clienttest.TextSource(t, "some "), clienttest.TextSource(t, "bytes")},
			[]string{"PATCH /files/1 0+5 trailer", "PATCH /files/2 0+5 trailer"},
			"some bytes",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := unfinished(t, test.more...)
			c := clienttest.NewClient(t, s, client.Config{Checksum: test.checksum})
			res, err := c.UploadConcat(t.Context(), test.sources, finalFirst(nil))
			if err != nil {
				t.Fatal(err)
			}
			clienttest.WantRequests(t, s, append([]string{clienttest.Options, clienttest.Post, clienttest.Post, clienttest.Post}, test.want...)...)
			clienttest.WantStored(t, s, res.URL, test.stored)
			if res.Length != protocol.Known(int64(len(test.stored))) || res.Offset != int64(len(test.stored)) {
				t.Errorf("result %+v, want Length %v and Offset %v", res, protocol.Known(int64(len(test.stored))), int64(len(test.stored)))
			}
		})
	}
}

func TestFinalFirstFails(t *testing.T) {
	refused := fake.Status(403, "")
	lost := []fake.Action{fake.Lose, fake.Lose, fake.Lose}
	tests := map[string]struct {
		post, patch []fake.Action
		sources     []client.Source
		checksum    string
		is          []error
		url         bool
		offsets     []int64 // of the parts
		made        []bool  // parts that have a URL
		orphans     int
		want        []string
	}{
		"first part refused": {
			patch: []fake.Action{refused}, is: []error{client.ErrPart, protocol.ErrForbidden}, url: true,
			offsets: []int64{0, 0}, made: []bool{true, true},
			want: []string{clienttest.Options, clienttest.Post, clienttest.Post, clienttest.Post, "PATCH /files/1 0+5"},
		},
		"second part refused": {
			patch: []fake.Action{nil, refused}, is: []error{client.ErrPart, protocol.ErrForbidden}, url: true,
			offsets: []int64{5, 0}, made: []bool{true, true},
			want: []string{clienttest.Options, clienttest.Post, clienttest.Post, clienttest.Post, "PATCH /files/1 0+5", "PATCH /files/2 0+5"},
		},
		"part not created": {
			post: []fake.Action{nil, refused}, is: []error{client.ErrPart, protocol.ErrForbidden},
			offsets: []int64{0, 0}, made: []bool{true, false}, want: []string{clienttest.Options, clienttest.Post, clienttest.Post},
		},
		"part perhaps created": {
			post: append([]fake.Action{nil, fake.Lose}, lost...), is: []error{client.ErrPart, retry.ErrExhausted},
			offsets: []int64{0, 0}, made: []bool{true, false}, orphans: 4,
			want: []string{clienttest.Options, clienttest.Post, clienttest.Post, clienttest.Post, clienttest.Post, clienttest.Post},
		},
		"first part not created": {
			post: []fake.Action{refused}, is: []error{client.ErrPart, protocol.ErrForbidden},
			offsets: []int64{0, 0}, made: []bool{false, false}, want: []string{clienttest.Options, clienttest.Post},
		},
		"final upload not created": {
			post: []fake.Action{nil, nil, refused}, is: []error{protocol.ErrForbidden},
			offsets: []int64{0, 0}, made: []bool{true, true}, want: []string{clienttest.Options, clienttest.Post, clienttest.Post, clienttest.Post},
		},
		"source broken": {
			sources: []client.Source{clienttest.SizedStream("some ", 5), clienttest.SizedStream("byte", 5)}, is: []error{client.ErrPart, client.ErrSourceChanged}, url: true,
			offsets: []int64{5, 0}, made: []bool{true, true}, want: []string{clienttest.Options, clienttest.Post, clienttest.Post, clienttest.Post, "PATCH /files/1 0+5"},
		},
		"source missing": {
			sources: []client.Source{clienttest.TextSource(t, "some "), nil}, is: []error{client.ErrSource, client.ErrInvalidOption},
		},
		"no such checksum": {
			checksum: "md5", is: []error{client.ErrPart, client.ErrUnsupported},
			offsets: []int64{0, 0}, made: []bool{false, false}, want: []string{clienttest.Options},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := unfinished(t)
				s.On(http.MethodPost, test.post...)
				s.On(http.MethodPatch, test.patch...)
				if test.sources == nil {
					test.sources = []client.Source{clienttest.TextSource(t, "some "), clienttest.TextSource(t, "bytes")}
				}
				var events []client.Event
				c := clienttest.NewClient(t, s, client.Config{Checksum: test.checksum, Retry: clienttest.RetryEachSecond(2)})
				res, err := c.UploadConcat(t.Context(), test.sources, finalFirst(&events))
				clienttest.WantErrorIs(t, err, test.is...)
				clienttest.WantRequests(t, s, test.want...)
				if (res.URL != "") != test.url || res.Orphans != test.orphans {
					t.Errorf("result %+v, want a URL: %t, and Orphans %d", res, test.url, test.orphans)
				}
				total := int64(0)
				for i, n := range test.offsets {
					total += n
					if p := res.Parts[i]; p.Offset != n || (p.URL != "") != test.made[i] || p.Length != protocol.Known(5) && test.checksum == "" {
						t.Errorf("part %d: %+v, want Offset %d, a URL: %t, and Length 5", i+1, p, n, test.made[i])
					}
				}
				if len(res.Parts) != len(test.offsets) || res.Offset != total || test.offsets != nil && res.Length != protocol.Known(10) {
					t.Errorf("result %+v with %d parts, want %d parts, Offset %d and Length 10", res, len(res.Parts), len(test.offsets), total)
				}
				if last := events[len(events)-1]; last.Kind != client.EventFailed || last.Part != 0 || !errors.Is(err, last.Err) {
					t.Errorf("last event %+v, want Kind %v, Part 0 and Err", last, client.EventFailed)
				}
			})
		})
	}
}

// A part that fails ends the others, and the error names the cause.
func TestFinalFirstCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := unfinished(t)
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		s.On(http.MethodPatch, nil, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			_, _ = io.Copy(io.Discard, r.Body)
			cancel(clienttest.ErrStop)
			s.Hang(0)(w, r, next)
		})
		sources := []client.Source{clienttest.TextSource(t, "some "), clienttest.TextSource(t, "more "), clienttest.TextSource(t, "bytes")}
		res, err := clienttest.NewClient(t, s, client.Config{}).UploadConcat(ctx, sources, finalFirst(nil))
		clienttest.WantErrorIs(t, err, clienttest.ErrStop, context.Canceled)
		if errors.Is(err, client.ErrPart) {
			t.Errorf("error %v wraps ErrPart", err)
		}
		if res.URL == "" || len(res.Parts) != 3 || res.Offset != 5 || res.Parts[2].URL == "" {
			t.Errorf("result %+v, want URL not empty, 3 in Parts, Offset 5 and Parts[2].URL not empty", res)
		}
		clienttest.WantRequests(t, s, clienttest.Options, clienttest.Post, clienttest.Post, clienttest.Post, clienttest.Post, "PATCH /files/1 0+5", "PATCH /files/2 0+5", "HEAD /files/2")
	})
	t.Run("beforehand", func(t *testing.T) {
		s := unfinished(t)
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(clienttest.ErrStop)
		_, err := clienttest.NewClient(t, s, client.Config{}).UploadConcat(ctx, []client.Source{clienttest.TextSource(t, "some")}, finalFirst(nil))
		clienttest.WantErrorIs(t, err, clienttest.ErrStop)
		clienttest.WantRequests(t, s)
	})
}

// Parts are sent at the same time, and their sources are closed after success and after
// failure.
func TestFinalFirstCloses(t *testing.T) {
	for name, test := range map[string]struct {
		patch []fake.Action
		is    error
	}{
		"done":   {nil, nil},
		"failed": {[]fake.Action{nil, fake.Status(403, "")}, client.ErrPart},
	} {
		t.Run(name, func(t *testing.T) {
			s := unfinished(t)
			s.On(http.MethodPatch, test.patch...)
			var files []*countedFS
			var sources []client.Source
			for range 5 {
				counted := &countedFS{FS: clienttest.BareFS{FS: fstest.MapFS{"a": {Data: []byte("bytes")}}}}
				src, err := client.FS(counted, "a")
				if err != nil {
					t.Fatal(err)
				}
				files, sources = append(files, counted), append(sources, src)
			}
			opts := finalFirst(nil)
			opts.Concurrency = 3
			res, err := clienttest.NewClient(t, s, client.Config{}).UploadConcat(t.Context(), sources, opts)
			if test.is != nil {
				clienttest.WantErrorIs(t, err, test.is)
			} else {
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, strings.Repeat("bytes", 5))
			}
			for i, f := range files {
				if f.open != 0 || f.opened == 0 {
					t.Errorf("source %d: %d of %d files are open, want open 0 and opened not 0", i, f.open, f.opened)
				}
			}
		})
	}
}
