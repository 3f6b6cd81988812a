package client_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
)

// A result keeps all headers of an answer up to MaxKeptHeader bytes. If there are more, it
// keeps the smallest fields completely.
func TestResultHeader(t *testing.T) {
	fixed := map[string]bool{"Content-Length": true, "Date": true, "Location": true, "Tus-Resumable": true, "Upload-Offset": true}
	field := func(name string, size int) string { return name + ": " + strings.Repeat("x", size) }
	tests := map[string]struct {
		lines []string
		want  []string // names
	}{
		"small":             {[]string{field("Stream-Media-Id", 32), field("X-B", 1000)}, []string{"Stream-Media-Id", "X-B"}},
		"just enough":       {[]string{field("X-B", client.MaxKeptHeader-300)}, []string{"X-B"}},
		"one field":         {[]string{field("X-B", client.MaxKeptHeader), field("Stream-Media-Id", 32)}, []string{"Stream-Media-Id"}},
		"many values":       {[]string{strings.Repeat(field("X-B", 10)+"\r\n", 1000) + field("X-C", 1)}, []string{"X-C"}},
		"largest left out":  {[]string{field("X-B", 2000), field("X-A", 2001), field("X-C", 1999)}, []string{"X-B", "X-C"}},
		"in order of names": {[]string{field("X-B", 1500), field("X-A", 1500), field("X-C", 1500)}, []string{"X-A", "X-B"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			answer := func(w io.Writer, r *http.Request) {
				switch r.Method {
				case http.MethodPost:
					clienttest.WriteResponse(w, 201, "", append(test.lines, "Location: /files/1")...)
				case http.MethodPatch:
					clienttest.WriteResponse(w, 204, "", append(test.lines, "Upload-Offset: 5", "Tus-Resumable: 1.0.0")...)
				case http.MethodHead:
					clienttest.WriteResponse(w, 200, "", append(test.lines, "Upload-Offset: 5", "Upload-Length: 5")...)
				}
			}
			c := clienttest.NewHostileClient(t, answer)
			outcomes, err := c.UploadAll(t.Context(), []client.Item{{Source: clienttest.TextSource(t, "hello")}})
			if err != nil {
				t.Fatal(err)
			}
			for which, h := range map[string]http.Header{"creation": outcomes[0].Result.CreationHeader, "last": outcomes[0].Result.Header} {
				var got []string
				for _, name := range slices.Sorted(maps.Keys(h)) {
					if !fixed[name] && name != "Connection" {
						got = append(got, name)
					}
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("fields of the answer %s (-want +got):\n%s", which, diff)
				}
			}
			single, err := c.Head(t.Context(), c.Endpoint()+"1", nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(single.Header.Get("X-B"))+len(single.Header.Get("X-C")) == 0 {
				t.Error("a single call does not return all headers")
			}
		})
	}
}

// The results and errors of many uploads and downloads with large headers need little memory.
func TestResultsStaySmall(t *testing.T) {
	const n = 100
	var made atomic.Int64
	filler := "X-Filler: " + strings.Repeat("x", 512<<10)
	c := clienttest.NewHostileClient(t, func(w io.Writer, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/refused"):
			clienttest.WriteResponse(w, 403, "", filler)
		case r.Method == http.MethodPost && r.Header.Get("Upload-Length") == "6":
			clienttest.WriteResponse(w, 403, "", filler)
		case r.Method == http.MethodPost:
			clienttest.WriteResponse(w, 201, "", fmt.Sprintf("Location: /files/%d", made.Add(1)), filler)
		case r.Method == http.MethodPatch:
			clienttest.WriteResponse(w, 204, "", "Upload-Offset: 5", filler)
		case r.Method == http.MethodHead:
			clienttest.WriteResponse(w, 200, "", "Upload-Offset: 5", "Upload-Length: 5", filler)
		default:
			clienttest.WriteResponse(w, 200, "hello", filler)
		}
	})
	tests := map[string]func() (any, error){
		"uploads": func() (any, error) {
			return c.UploadAll(t.Context(), repeatedItems(t, "hello", n))
		},
		"failures": func() (any, error) {
			outcomes, err := c.UploadAll(t.Context(), repeatedItems(t, "hello!", n))
			if !errors.Is(err, protocol.ErrForbidden) {
				t.Errorf("error %v, want ErrForbidden", err)
			}
			return outcomes, nil
		},
		"downloads": func() (any, error) {
			var all []*client.DownloadResult
			for range n {
				res, err := c.Download(t.Context(), c.Endpoint()+"1", clienttest.WriteTo(new(bytes.Buffer)), nil)
				if err != nil {
					return nil, err
				}
				all = append(all, res)
			}
			return all, nil
		},
	}
	for name, call := range tests {
		t.Run(name, func(t *testing.T) {
			before := inUse()
			kept, err := call()
			if err != nil {
				t.Fatal(err)
			}
			used := int64(inUse()) - int64(before)
			runtime.KeepAlive(kept)
			t.Logf("%d KiB are kept", used>>10)
			if used > n*(16<<10) {
				t.Errorf("%d bytes are kept for each, want at most %d", used/n, 16<<10)
			}
		})
	}
}

func repeatedItems(t *testing.T, content string, n int) []client.Item {
	t.Helper()
	list := make([]client.Item, n)
	for i := range list {
		list[i].Source = clienttest.TextSource(t, content)
	}
	return list
}

// inUse returns the number of bytes on the heap that are in use.
func inUse() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// An entity tag that is too long is neither kept nor sent back.
func TestLongEntityTag(t *testing.T) {
	requests := 0
	tag := `"` + strings.Repeat("x", 100<<10) + `"`
	c := clienttest.NewHostileClient(t, func(w io.Writer, r *http.Request) {
		if r.Method == http.MethodHead {
			clienttest.WriteResponse(w, 405, "")
			return
		}
		requests++
		if size := len(r.Header.Get("If-Range")); size > 4<<10 {
			t.Errorf("If-Range has %d bytes, want at most %v", size, 4<<10)
		}
		clienttest.WriteResponse(w, 200, "hello", "Etag: "+tag)
	})
	res, err := c.Download(t.Context(), c.Endpoint()+"1", clienttest.WriteTo(new(bytes.Buffer)), nil)
	if err != nil || len(res.Content.Version) > 5<<10 || requests != 1 {
		t.Errorf("the version has %d bytes after %d requests, error %v, want at most %v in Content.Version, 1 and no error", len(res.Content.Version), requests, err, 5<<10)
	}
}

// A Client keeps facts about a limited number of hosts.
func TestManyHosts(t *testing.T) {
	const hosts = 2000
	s := fake.New(t, fake.Config{})
	filler := strings.Repeat("x", 3<<10)
	c := clienttest.NewClient(t, s, client.Config{
		Retry: retry.Delays(0),
		Doer: transport.DoerFunc(func(r *http.Request) (*http.Response, error) {
			h := http.Header{"Retry-After": {"3600"}, "X-Filler": {strings.Clone(filler)}}
			return &http.Response{StatusCode: http.StatusTooManyRequests, Header: h, Body: http.NoBody, Request: r}, nil
		}),
	})
	before := inUse()
	for i := range hosts {
		_, err := c.Resume(t.Context(), fmt.Sprintf("http://host%d.example/files/1", i), clienttest.TextSource(t, "hello"), nil)
		clienttest.WantErrorIs(t, err, protocol.ErrTooManyRequests)
	}
	used := int64(inUse()) - int64(before)
	runtime.KeepAlive(c)
	t.Logf("%d KiB are kept", used>>10)
	if used > 2*clienttest.MiB {
		t.Errorf("%d bytes are kept of %d hosts, want at most %v", used, hosts, 2*clienttest.MiB)
	}
}
