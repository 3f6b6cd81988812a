package client_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
)

func TestUploadSizes(t *testing.T) {
	const options, post = "OPTIONS /files/", "POST /files/"
	tests := map[string]struct {
		data   string
		chunk  int64
		stream bool
		want   []string
	}{
		"whole":                    {data: "hello", want: []string{post, "PATCH /files/1 0+5"}},
		"empty":                    {data: "", want: []string{post}},
		"one byte":                 {data: "x", want: []string{post, "PATCH /files/1 0+1"}},
		"chunks":                   {data: "hello", chunk: 2, want: []string{post, "PATCH /files/1 0+2", "PATCH /files/1 2+2", "PATCH /files/1 4+1"}},
		"exactly a chunk":          {data: "hello", chunk: 5, want: []string{post, "PATCH /files/1 0+5"}},
		"exactly two chunks":       {data: "hell", chunk: 2, want: []string{post, "PATCH /files/1 0+2", "PATCH /files/1 2+2"}},
		"one byte over a chunk":    {data: "hello", chunk: 4, want: []string{post, "PATCH /files/1 0+4", "PATCH /files/1 4+1"}},
		"one byte under a chunk":   {data: "hello", chunk: 6, want: []string{post, "PATCH /files/1 0+5"}},
		"empty stream":             {data: "", stream: true, want: []string{post}},
		"stream within a chunk":    {data: "hello", chunk: 6, stream: true, want: []string{post, "PATCH /files/1 0+5"}},
		"stream of a chunk":        {data: "hello", chunk: 5, stream: true, want: []string{post, "PATCH /files/1 0+5"}},
		"stream one byte over":     {data: "hello", chunk: 4, stream: true, want: []string{options, post, "PATCH /files/1 0+4", "PATCH /files/1 4+1 of 5"}},
		"stream of two chunks":     {data: "hell", chunk: 2, stream: true, want: []string{options, post, "PATCH /files/1 0+2", "PATCH /files/1 2+2 of 4"}},
		"stream of many chunks":    {data: "hello", chunk: 2, stream: true, want: []string{options, post, "PATCH /files/1 0+2", "PATCH /files/1 2+2", "PATCH /files/1 4+1 of 5"}},
		"stream in bytes":          {data: "abc", chunk: 1, stream: true, want: []string{options, post, "PATCH /files/1 0+1", "PATCH /files/1 1+1", "PATCH /files/1 2+1 of 3"}},
		"chunk of the largest int": {data: "hello", chunk: 1<<63 - 1, want: []string{post, "PATCH /files/1 0+5"}},
		"stream and largest int":   {data: "hello", chunk: 1<<63 - 1, stream: true, want: []string{post, "PATCH /files/1 0+5"}},
		"stream and large chunk":   {data: "hello", chunk: 1 << 60, stream: true, want: []string{post, "PATCH /files/1 0+5"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				c := clienttest.NewClient(t, s, client.Config{ChunkSize: test.chunk})
				src := clienttest.TextSource(t, test.data)
				if test.stream {
					src = clienttest.StreamSource(test.data, 1)
				}
				res, err := c.Upload(t.Context(), src, nil)
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantRequests(t, s, test.want...)
				clienttest.WantStored(t, s, res.URL, test.data)
				n := int64(len(test.data))
				want := &client.Result{
					URL: "http://tus.example/files/1", Offset: n, Length: protocol.Known(n), Sent: n,
					CreationHeader: res.CreationHeader, Header: res.Header,
				}
				if diff := cmp.Diff(want, res); diff != "" {
					t.Errorf("result (-want +got):\n%s", diff)
				}
				if got := s.State(res.URL).Length; got != protocol.Known(n) {
					t.Errorf("length at the server is %v, want %v", got, protocol.Known(n))
				}
			})
		})
	}
}

func TestUploadLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		data := clienttest.Noise(1<<20 + 7)
		for _, src := range []client.Source{clienttest.TextSource(t, data), clienttest.StreamSource(data, 1<<16), clienttest.StreamSource(data, 3)} {
			res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), src, &client.UploadOptions{ChunkSize: 1 << 18})
			if err != nil {
				t.Fatal(err)
			}
			clienttest.WantStored(t, s, res.URL, data)
		}
	})
}

func TestUploadResult(t *testing.T) {
	config := fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		w.Header().Set("Stream-Media-Id", strings.ToLower(r.Method))
		next.ServeHTTP(w, r)
	}}
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, config)
		metadata := protocol.Metadata{"filename": "größe.txt", "empty": "", "bytes": "\x00\xff"}
		res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, "hello"), &client.UploadOptions{Metadata: metadata})
		if err != nil {
			t.Fatal(err)
		}
		if got := res.CreationHeader.Get("Stream-Media-Id"); got != "post" {
			t.Errorf("Created has the header of %q, want %q", got, "post")
		}
		if got := res.Header.Get("Stream-Media-Id"); got != "patch" {
			t.Errorf("Header has the header of %q, want %q", got, "patch")
		}
		if diff := cmp.Diff(metadata, s.State(res.URL).Metadata); diff != "" {
			t.Errorf("metadata (-want +got):\n%s", diff)
		}
	})
}

// Each request of an upload is marked as a single attempt, so that a Doer does not retry it. A
// single exchange such as Head is not marked.
func TestUploadIsSingleAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		multiple := 0
		c := clienttest.NewClient(t, s, client.Config{Doer: transport.DoerFunc(func(r *http.Request) (*http.Response, error) {
			if !transport.IsSingleAttempt(r.Context()) {
				multiple++
			}
			return s.Doer().Do(r)
		})})
		s.On(http.MethodPatch, fake.Cut(2))
		res, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Resume(t.Context(), res.URL, clienttest.TextSource(t, "hello"), nil); err != nil {
			t.Fatal(err)
		}
		if _, err := clienttest.ResumeOnce(t.Context(), c, res.URL, clienttest.TextSource(t, "hello"), nil); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Metadata(t.Context(), res.URL, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := c.UploadConcat(t.Context(), []client.Source{clienttest.TextSource(t, "a")}, nil); err != nil {
			t.Fatal(err)
		}
		if multiple != 0 {
			t.Errorf("%d of %d requests were not marked", multiple, len(s.Requests()))
		}
		if _, err := c.Head(t.Context(), res.URL, nil); err != nil {
			t.Fatal(err)
		}
		if multiple != 1 {
			t.Error("a single exchange, which no loop of the client's repeats, was marked")
		}
	})
}

func TestMethodOverride(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		c := clienttest.NewClient(t, s, client.Config{Doer: transport.Chain(s.Doer(), transport.MethodOverride())})
		res, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, "hello")
		if _, err := c.Terminate(t.Context(), res.URL, nil); err != nil {
			t.Fatal(err)
		}
	})
}
