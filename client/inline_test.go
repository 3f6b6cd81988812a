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
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

func TestInline(t *testing.T) {
	const mib = 1 << 20
	tests := map[string]struct {
		size int // 0: 5 bytes, negative: none
		cfg  client.Config
		want []string
	}{
		"one request":          {5, client.Config{}, []string{"POST /files/ +5"}},
		"nothing to send":      {-1, client.Config{}, []string{clienttest.Post}},
		"largest":              {5, client.Config{InlineSize: 5}, []string{"POST /files/ +5"}},
		"one over":             {5, client.Config{InlineSize: 4}, []string{clienttest.Post, "PATCH /files/1 0+5"}},
		"largest by default":   {mib, client.Config{}, []string{"POST /files/ +1048576"}},
		"one over the default": {mib + 1, client.Config{}, []string{clienttest.Post, "PATCH /files/1 0+1048577"}},
		"switched off":         {5, client.Config{InlineSize: -1}, []string{clienttest.Post, "PATCH /files/1 0+5"}},
		"just a chunk":         {5, client.Config{ChunkSize: 5}, []string{"POST /files/ +5"}},
		"more than a chunk":    {5, client.Config{ChunkSize: 3}, []string{clienttest.Post, "PATCH /files/1 0+3", "PATCH /files/1 3+2"}},
		"below the least size": {5, client.Config{Limits: client.Limits{MinRequest: 8, Multiple: 8}}, []string{"POST /files/ +5"}},
		"above the most":       {5, client.Config{Limits: client.Limits{MaxRequest: 4}}, []string{clienttest.Post, "PATCH /files/1 0+4", "PATCH /files/1 4+1"}},
	}
	for name, test := range tests {
		for kind, source := range map[string]func(*testing.T, string) client.Source{
			"file":   clienttest.TextSource,
			"stream": func(_ *testing.T, s string) client.Source { return clienttest.StreamSource(s, 0) },
		} {
			t.Run(name+", "+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := clienttest.NewInlineServer(t, fake.Config{})
					data := clienttest.Noise(max(test.size, 0))
					want := append([]string{clienttest.Options}, test.want...)
					if kind == "stream" && len(test.want) > 1 && test.size > 5 {
						t.Skip("streams have other chunks")
					}
					metadata := protocol.Metadata{"name": "a"}
					res, err := clienttest.NewLearnedClient(t, s, test.cfg).Upload(t.Context(), source(t, data), &client.UploadOptions{Metadata: metadata})
					if err != nil {
						t.Fatal(err)
					}
					got := s.Seen()
					if kind == "stream" {
						// The last chunk of a stream may declare the length.
						for i := range got {
							got[i], _, _ = strings.Cut(got[i], " of ")
						}
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("requests (-want +got):\n%s", diff)
					}
					clienttest.WantStored(t, s, res.URL, data)
					state := s.State(res.URL)
					if diff := cmp.Diff(metadata, state.Metadata); diff != "" || !state.Complete() {
						t.Errorf("upload %+v, metadata (-want +got):\n%s", state, diff)
					}
					n := int64(len(data))
					if res.Offset != n || res.Length != protocol.Known(n) || res.Sent != n || res.Retries != 0 || res.Orphans != 0 || res.CreationHeader == nil {
						t.Errorf("result %+v, want Offset %v, Length %v, Sent %v, Retries 0, Orphans 0 and CreationHeader not nil", res, n, protocol.Known(n), n)
					}
				})
			})
		}
	}
}

// An upload whose bytes were sent with the creation is completed after every kind of answer,
// and only bytes that the server lacks are sent again.
func TestInlineAnswers(t *testing.T) {
	plain := []string{"POST /files/ +5", clienttest.Post, "PATCH /files/1 0+5"}
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
		"no offset in the answer": {
			server: fake.Config{NoOffset: true},
			want:   []string{"POST /files/ +5", "HEAD /files/1"}, result: client.Result{Sent: 5, Confirmed: true},
		},
		"no offset in the answer, some kept": {
			server: fake.Config{NoOffset: true}, action: fake.Keep(2),
			want: []string{"POST /files/ +5", "HEAD /files/1", "PATCH /files/1 2+3"}, result: client.Result{Sent: 8},
		},
		"no offset in the answer, none kept": {
			server: fake.Config{NoOffset: true}, action: fake.Keep(0),
			want: []string{"POST /files/ +5", "HEAD /files/1", "PATCH /files/1 0+5"}, result: client.Result{Sent: 10},
		},
		"invalid offset": {
			action: fake.With("Upload-Offset", "five"),
			want:   []string{"POST /files/ +5", "HEAD /files/1"}, result: client.Result{Sent: 5, Confirmed: true},
		},
		"offset beyond": {
			action: fake.With("Upload-Offset", "6"),
			want:   []string{"POST /files/ +5", "HEAD /files/1"}, result: client.Result{Sent: 5, Confirmed: true},
		},
		"answer lost": {
			action: fake.Lose,
			want:   []string{"POST /files/ +5", clienttest.Post, "PATCH /files/2 0+5"}, result: client.Result{Sent: 10, Retries: 1, Orphans: 1},
		},
		"connection cut": {
			action: fake.Cut(2),
			want:   []string{"POST /files/ +2", clienttest.Post, "PATCH /files/2 0+5"}, result: client.Result{Sent: 10, Retries: 1, Orphans: 1},
		},
		"busy": {
			action: refused(503),
			want:   plain, result: client.Result{Sent: 10, Retries: 1},
		},
		"411": {action: refused(411), want: plain, result: client.Result{Sent: 10}},
		"413": {action: refused(413), want: plain, result: client.Result{Sent: 10}},
		"415": {action: refused(415), want: plain, result: client.Result{Sent: 10}},
		"417": {action: refused(417), want: plain, result: client.Result{Sent: 10}},
		"501": {action: refused(501), want: plain, result: client.Result{Sent: 10}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := clienttest.NewInlineServer(t, test.server)
				s.On(http.MethodPost, test.action)
				c := clienttest.NewLearnedClient(t, s, client.Config{})
				began := time.Now()
				res, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantRequests(t, s, append([]string{clienttest.Options}, test.want...)...)
				clienttest.WantStored(t, s, res.URL, "hello")
				got := client.Result{Sent: res.Sent, Retries: res.Retries, Orphans: res.Orphans, Confirmed: res.Confirmed}
				if diff := cmp.Diff(test.result, got, cmpopts.IgnoreUnexported(protocol.Length{})); diff != "" {
					t.Errorf("result (-want +got):\n%s", diff)
				}
				if took := time.Since(began); test.result.Retries == 0 && took != 0 {
					t.Errorf("took %v, want 0", took)
				}
			})
		})
	}
}

// If a creation is answered with an impossible offset, HEAD is asked. An impossible offset in
// its answer is an error.
func TestInlineImpossibleOffset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 1 << 20
		s := clienttest.NewInlineServer(t, fake.Config{})
		data := clienttest.Noise(size)
		url := s.Put(data, protocol.Known(size), nil)
		s.On(http.MethodPost, clienttest.EarlyStatus(201, "Location", url, "Upload-Offset", fmt.Sprint(size)))
		res, err := clienttest.NewLearnedClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, data), nil)
		clienttest.WantErrorIs(t, err, client.ErrIntegrity)
		seen := s.Seen()
		if len(seen) != 3 || seen[2] != "HEAD "+clienttest.Upload1 || res.URL != url || res.Sent >= size {
			t.Errorf("requests %q, result %+v, want 3 of them, [2] %q, URL %q and Sent less than %v", seen, res, "HEAD "+clienttest.Upload1, url, size)
		}
	})
}

// A creation that is refused before its body was read ends without a wait.
func TestInlineRefusedEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := clienttest.NewInlineServer(t, fake.Config{})
		s.On(http.MethodPost, clienttest.EarlyStatus(413))
		data := clienttest.Noise(1 << 20)
		res, err := clienttest.NewLearnedClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, data), nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		if seen := s.Seen(); len(seen) != 4 || seen[2] != clienttest.Post || res.Orphans != 0 {
			t.Errorf("requests %q, %d orphans, want 4 of them, [2] %q and Orphans 0", seen, res.Orphans, clienttest.Post)
		}
	})
}

// A known limit of a proxy applies to creations as well.
func TestInlineWithinLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := clienttest.NewInlineServer(t, fake.Config{Hook: clienttest.BodyLimitProxy(300 * clienttest.KiB)})
		c := clienttest.NewLearnedClient(t, s, client.Config{})
		for _, size := range []int{2048 * clienttest.KiB, 600 * clienttest.KiB, 256 * clienttest.KiB} {
			if _, err := c.Upload(t.Context(), clienttest.TextSource(t, clienttest.Noise(size)), nil); err != nil {
				t.Fatal(err)
			}
		}
		want := []string{clienttest.Options, clienttest.Post}
		for _, refused := range []int{2048, 1024, 512} {
			want = append(want, fmt.Sprintf("PATCH %s 0+%d", clienttest.Upload1, refused*clienttest.KiB), "HEAD "+clienttest.Upload1)
		}
		want = append(want, patched(clienttest.Upload1, 0, 2048*clienttest.KiB, 256*clienttest.KiB)...)
		want = append(append(want, clienttest.Post), patched(clienttest.Upload2, 0, 600*clienttest.KiB, 256*clienttest.KiB)...)
		clienttest.WantRequests(t, s, append(want, fmt.Sprintf("POST /files/ +%d", 256*clienttest.KiB))...)
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
			{Kind: client.EventRetry, Length: five, Attempt: 1, Err: cmpopts.AnyError},
			{Kind: client.EventCreated, URL: "http://tus.example/files/2", Length: five},
			{Kind: client.EventDone, URL: "http://tus.example/files/2", Length: five, Offset: 5, Sent: 5},
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := clienttest.NewInlineServer(t, fake.Config{})
				s.On(http.MethodPost, test.action)
				var events, got []client.Event
				_, err := clienttest.NewLearnedClient(t, s, client.Config{Retry: clienttest.RetryEachSecond(3)}).Upload(t.Context(), clienttest.TextSource(t, "hello"),
					&client.UploadOptions{OnEvent: clienttest.RecordEvents(&events)})
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantEventOrder(t, events)
				for _, e := range events {
					if e.Kind == client.EventProgress {
						continue
					}
					if e.Kind == client.EventCreated {
						// EventCreated may or may not count the bytes of the creation.
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

// failing is an io.ReaderAt that fails with err at the offset at.
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

// A source that fails during the creation fails the upload, and nothing else is sent.
func TestInlineSourceFails(t *testing.T) {
	const size = 300 * clienttest.KiB
	for name, test := range map[string]struct {
		err  error
		want []error
	}{
		"broken":  {io.ErrClosedPipe, []error{client.ErrSource, io.ErrClosedPipe}},
		"shorter": {io.EOF, []error{client.ErrSource, client.ErrSourceChanged}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := clienttest.NewInlineServer(t, fake.Config{})
				src, err := client.ReaderAt(failing{clienttest.Noise(size), 200 * clienttest.KiB, test.err}, size)
				if err != nil {
					t.Fatal(err)
				}
				res, err := clienttest.NewLearnedClient(t, s, client.Config{}).Upload(t.Context(), src, nil)
				clienttest.WantErrorIs(t, err, test.want...)
				if n := len(s.Seen()); n != 2 || res.URL != "" || res.Retries != 0 || res.Sent == 0 || res.Sent > 200*clienttest.KiB {
					t.Errorf("%d requests, result %+v, want 2, Sent not 0, Sent at most %v, URL \"\" and Retries 0", n, res, 200*clienttest.KiB)
				}
			})
		})
	}
}
