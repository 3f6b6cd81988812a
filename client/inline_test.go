package client_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

const (
	options = "OPTIONS /files/"
	created = "POST /files/"
	one     = "/files/1"
	two     = "/files/2"
)

// able are the extensions of a server that takes bytes along with a creation.
var able = []protocol.Extension{
	protocol.ExtensionCreation, protocol.ExtensionCreationWithUpload, protocol.ExtensionCreationDeferLength,
	protocol.ExtensionConcatenation, protocol.ExtensionTermination,
}

// inlineServer takes bytes along with a creation, and says so.
func inlineServer(t *testing.T, cfg fake.Config) *fake.Server {
	t.Helper()
	cfg.Extensions = able
	return fake.New(t, cfg)
}

// knowing is a client that has asked s what it can do.
func knowing(t *testing.T, s *fake.Server, cfg client.Config) *client.Client {
	t.Helper()
	c := newClient(t, s, cfg)
	if err := c.Learn(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

// early answers without reading the body, as proxies do. It is for bubbles.
func early(status int, header ...string) fake.Action {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.Header().Set("Connection", "close") // or net/http would read a part of it
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(status)
		// A pipe that is closed right after the answer may hide it.
		_ = http.NewResponseController(w).Flush()
		time.Sleep(100 * time.Millisecond)
	}
}

func TestInline(t *testing.T) {
	const mib = 1 << 20
	tests := map[string]struct {
		size int // 0: 5 bytes, negative: none
		cfg  client.Config
		want []string
	}{
		"one request":          {5, client.Config{}, []string{"POST /files/ +5"}},
		"nothing to send":      {-1, client.Config{}, []string{created}},
		"largest":              {5, client.Config{InlineSize: 5}, []string{"POST /files/ +5"}},
		"one over":             {5, client.Config{InlineSize: 4}, []string{created, "PATCH /files/1 0+5"}},
		"largest by default":   {mib, client.Config{}, []string{"POST /files/ +1048576"}},
		"one over the default": {mib + 1, client.Config{}, []string{created, "PATCH /files/1 0+1048577"}},
		"switched off":         {5, client.Config{InlineSize: -1}, []string{created, "PATCH /files/1 0+5"}},
		"just a chunk":         {5, client.Config{ChunkSize: 5}, []string{"POST /files/ +5"}},
		"more than a chunk":    {5, client.Config{ChunkSize: 3}, []string{created, "PATCH /files/1 0+3", "PATCH /files/1 3+2"}},
		"below the least size": {5, client.Config{ChunkRule: client.ChunkRule{Min: 8, Multiple: 8}}, []string{"POST /files/ +5"}},
		"above the most":       {5, client.Config{ChunkRule: client.ChunkRule{Max: 4}}, []string{created, "PATCH /files/1 0+4", "PATCH /files/1 4+1"}},
	}
	for name, test := range tests {
		for kind, source := range map[string]func(*testing.T, string) client.Source{
			"file":   text,
			"stream": func(_ *testing.T, s string) client.Source { return stream(s, 0) },
		} {
			t.Run(name+", "+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := inlineServer(t, fake.Config{})
					data := noise(max(test.size, 0))
					want := append([]string{options}, test.want...)
					if kind == "stream" && len(test.want) > 1 && test.size > 5 {
						t.Skip("a stream has chunks of its own")
					}
					metadata := protocol.Metadata{"name": "a"}
					res, err := knowing(t, s, test.cfg).Upload(t.Context(), source(t, data), &client.UploadOptions{Metadata: metadata})
					if err != nil {
						t.Fatal(err)
					}
					got := s.Seen()
					if kind == "stream" {
						// The last chunk of a stream may tell its length.
						for i := range got {
							got[i], _, _ = strings.Cut(got[i], " of ")
						}
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("requests (-want +got):\n%s", diff)
					}
					wantStored(t, s, res.URL, data)
					state := s.State(res.URL)
					if diff := cmp.Diff(metadata, state.Metadata); diff != "" || !state.Complete() {
						t.Errorf("upload %+v, metadata (-want +got):\n%s", state, diff)
					}
					n := int64(len(data))
					if res.Offset != n || res.Length != protocol.Known(n) || res.Sent != n || res.Retries != 0 || res.Orphans != 0 || res.CreationHeader == nil {
						t.Errorf("result %+v", res)
					}
				})
			})
		}
	}
}

// Whatever becomes of the bytes that went along, the upload is completed, and
// only what the server lacks is sent again.
func TestInlineAnswers(t *testing.T) {
	plain := []string{"POST /files/ +5", created, "PATCH /files/1 0+5"}
	refused := func(status int) fake.Action { return fake.Status(status, "") }
	tests := map[string]struct {
		server fake.Config
		action fake.Action
		want   []string
		result client.Result // Sent, Retries, Orphans and Confirmed
	}{
		"some kept": {
			action: fake.Keep(3),
			want:   []string{"POST /files/ +5", "PATCH /files/1 3+2"}, result: client.Result{Sent: 7},
		},
		"none kept": {
			action: fake.Keep(0),
			want:   []string{"POST /files/ +5", "PATCH /files/1 0+5"}, result: client.Result{Sent: 10},
		},
		"offset not told": {
			server: fake.Config{NoOffset: true},
			want:   []string{"POST /files/ +5", "HEAD /files/1"}, result: client.Result{Sent: 5, Confirmed: true},
		},
		"offset not told, some kept": {
			server: fake.Config{NoOffset: true}, action: fake.Keep(2),
			want: []string{"POST /files/ +5", "HEAD /files/1", "PATCH /files/1 2+3"}, result: client.Result{Sent: 8},
		},
		"offset not told, none kept": {
			server: fake.Config{NoOffset: true}, action: fake.Keep(0),
			want: []string{"POST /files/ +5", "HEAD /files/1", "PATCH /files/1 0+5"}, result: client.Result{Sent: 10},
		},
		"offset that is none": {
			action: fake.With("Upload-Offset", "five"),
			want:   []string{"POST /files/ +5", "HEAD /files/1"}, result: client.Result{Sent: 5, Confirmed: true},
		},
		"offset beyond": {
			action: fake.With("Upload-Offset", "6"),
			want:   []string{"POST /files/ +5", "HEAD /files/1"}, result: client.Result{Sent: 5, Confirmed: true},
		},
		"answer lost": {
			action: fake.Lose,
			want:   []string{"POST /files/ +5", created, "PATCH /files/2 0+5"}, result: client.Result{Sent: 10, Retries: 1, Orphans: 1},
		},
		"connection cut": {
			action: fake.Cut(2),
			want:   []string{"POST /files/ +2", created, "PATCH /files/2 0+5"}, result: client.Result{Sent: 10, Retries: 1, Orphans: 1},
		},
		"busy": {
			action: refused(503),
			want:   plain, result: client.Result{Sent: 10, Retries: 1},
		},
		"411": {action: refused(411), want: plain, result: client.Result{Sent: 10}},
		"413": {action: refused(413), want: plain, result: client.Result{Sent: 10}},
		"415": {action: refused(415), want: plain, result: client.Result{Sent: 10}},
		"501": {action: refused(501), want: plain, result: client.Result{Sent: 10}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := inlineServer(t, test.server)
				s.On(http.MethodPost, test.action)
				c := knowing(t, s, client.Config{})
				began := time.Now()
				res, err := c.Upload(t.Context(), text(t, "hello"), nil)
				if err != nil {
					t.Fatal(err)
				}
				wantSeen(t, s, append([]string{options}, test.want...)...)
				wantStored(t, s, res.URL, "hello")
				got := client.Result{Sent: res.Sent, Retries: res.Retries, Orphans: res.Orphans, Confirmed: res.Confirmed}
				if diff := cmp.Diff(test.result, got, cmpopts.IgnoreUnexported(protocol.Length{})); diff != "" {
					t.Errorf("result (-want +got):\n%s", diff)
				}
				if took := time.Since(began); test.result.Retries == 0 && took != 0 {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

// A server that claims more than it can have is asked, and believed no more the
// second time.
func TestInlineClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 1 << 20
		s := inlineServer(t, fake.Config{})
		data := noise(size)
		url := s.Put(data, protocol.Known(size), nil)
		s.On(http.MethodPost, early(201, "Location", url, "Upload-Offset", fmt.Sprint(size)))
		res, err := knowing(t, s, client.Config{}).Upload(t.Context(), text(t, data), nil)
		wantIs(t, err, client.ErrIntegrity)
		seen := s.Seen()
		if len(seen) != 3 || seen[2] != "HEAD "+one || res.URL != url || res.Sent >= size {
			t.Errorf("requests %q, result %+v", seen, res)
		}
	})
}

// A body that is refused before it was read is not waited for.
func TestInlineRefusedEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inlineServer(t, fake.Config{})
		s.On(http.MethodPost, early(413))
		data := noise(1 << 20)
		res, err := knowing(t, s, client.Config{}).Upload(t.Context(), text(t, data), nil)
		if err != nil {
			t.Fatal(err)
		}
		wantStored(t, s, res.URL, data)
		if seen := s.Seen(); len(seen) != 4 || seen[2] != created || res.Orphans != 0 {
			t.Errorf("requests %q, %d orphans", seen, res.Orphans)
		}
	})
}

// A proxy's limit that is known holds for creations too.
func TestInlineWithinLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inlineServer(t, fake.Config{Hook: proxy(300 * kib)})
		c := knowing(t, s, client.Config{})
		for _, size := range []int{2048 * kib, 600 * kib, 256 * kib} {
			if _, err := c.Upload(t.Context(), text(t, noise(size)), nil); err != nil {
				t.Fatal(err)
			}
		}
		want := []string{options, created}
		for _, refused := range []int{2048, 1024, 512} {
			want = append(want, fmt.Sprintf("PATCH %s 0+%d", one, refused*kib), "HEAD "+one)
		}
		want = append(want, patched(one, 0, 2048*kib, 256*kib)...)
		want = append(append(want, created), patched(two, 0, 600*kib, 256*kib)...)
		wantSeen(t, s, append(want, fmt.Sprintf("POST /files/ +%d", 256*kib))...)
	})
}

func TestInlineEvents(t *testing.T) {
	const url = "http://tus.example/files/1"
	five := protocol.Known(5)
	tests := map[string]struct {
		action fake.Action
		want   []client.Event // without progress
	}{
		"at once": {nil, []client.Event{
			{Kind: client.EventCreated, URL: url, Length: five},
			{Kind: client.EventDone, URL: url, Length: five, Offset: 5, Sent: 5},
		}},
		"the rest follows": {fake.Keep(3), []client.Event{
			{Kind: client.EventCreated, URL: url, Length: five},
			{Kind: client.EventDone, URL: url, Length: five, Offset: 5, Sent: 5},
		}},
		"refused": {fake.Status(413, ""), []client.Event{
			{Kind: client.EventCreated, URL: url, Length: five},
			{Kind: client.EventDone, URL: url, Length: five, Offset: 5, Sent: 5},
		}},
		"answer lost": {fake.Lose, []client.Event{
			{Kind: client.EventRetry, Length: five, Attempt: 1, Wait: time.Second, Err: cmpopts.AnyError},
			{Kind: client.EventCreated, URL: "http://tus.example/files/2", Length: five},
			{Kind: client.EventDone, URL: "http://tus.example/files/2", Length: five, Offset: 5, Sent: 5},
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := inlineServer(t, fake.Config{})
				s.On(http.MethodPost, test.action)
				var events, got []client.Event
				_, err := knowing(t, s, client.Config{Retry: second(3)}).Upload(t.Context(), text(t, "hello"),
					&client.UploadOptions{OnEvent: recordEvents(&events)})
				if err != nil {
					t.Fatal(err)
				}
				wantOrder(t, events)
				for _, e := range events {
					if e.Kind == client.EventProgress {
						continue
					}
					if e.Kind == client.EventCreated {
						// Whether it speaks of the bytes that went along is left open.
						e.Offset, e.Sent = 0, 0
					}
					got = append(got, e)
				}
				if diff := cmp.Diff(test.want, got, cmpopts.EquateErrors(), cmpopts.EquateComparable(protocol.Length{})); diff != "" {
					t.Errorf("events (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// failing gives the bytes before the one at which it fails.
type failing struct {
	data string
	at   int64
	err  error
}

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) <= f.at {
		return copy(p, f.data[off:]), nil
	}
	return copy(p, f.data[off:f.at]), f.err
}

// A source that fails while its bytes go along fails the upload, and nothing
// else is sent.
func TestInlineSourceFails(t *testing.T) {
	const size = 300 * kib
	for name, test := range map[string]struct {
		err  error
		want []error
	}{
		"broken":  {io.ErrClosedPipe, []error{client.ErrSource, io.ErrClosedPipe}},
		"shorter": {io.EOF, []error{client.ErrSource, client.ErrSourceChanged}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := inlineServer(t, fake.Config{})
				src, err := client.ReaderAt(failing{noise(size), 200 * kib, test.err}, size)
				if err != nil {
					t.Fatal(err)
				}
				res, err := knowing(t, s, client.Config{}).Upload(t.Context(), src, nil)
				wantIs(t, err, test.want...)
				if n := len(s.Seen()); n != 2 || res.URL != "" || res.Retries != 0 || res.Sent == 0 || res.Sent > 200*kib {
					t.Errorf("%d requests, result %+v", n, res)
				}
			})
		})
	}
}
