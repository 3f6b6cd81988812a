package client_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// Config.Protocol is one of the documented values.
func TestProtocolOption(t *testing.T) {
	for _, name := range []string{"", "tus", "rufh", "auto", "rufh/3", "rufh/10"} {
		if _, err := client.New(client.Config{Protocol: name}); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"TUS", "tus/1.0.0", "rufh/", "rufh/2", "rufh/11", "rufh/08", "rufh/+8", "rufh/8 ", "ietf", "rufh/300"} {
		if _, err := client.New(client.Config{Protocol: name}); !errors.Is(err, client.ErrInvalidOption) {
			t.Errorf("%q: %v, want ErrInvalidOption", name, err)
		}
	}
}

// accepting is a server of version 10 that takes every creation with all of its bytes.
func accepting(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodOptions {
		respond(w, r, 204, rufh.HeaderUploadLimit, "min-size=0")
		return
	}
	respond(w, r, 104, "Location", "/1")
	drain(r)
	respond(w, r, 201, rufh.HeaderUploadComplete, "?1")
}

// With auto, a Client asks once, and prefers tus.
func TestProtocolAuto(t *testing.T) {
	for name, test := range map[string]struct {
		options []string // header of the answer to OPTIONS
		status  int
		want    []string // requests of two uploads
	}{
		"rufh":          {[]string{rufh.HeaderUploadLimit, "min-size=0"}, 204, []string{"OPTIONS", "POST", "POST"}},
		"tus":           {[]string{"Tus-Version", "1.0.0", "Tus-Extension", "creation"}, 204, []string{"OPTIONS", "POST", "PATCH", "POST", "PATCH"}},
		"both":          {[]string{"Tus-Resumable", "1.0.0", rufh.HeaderUploadLimit, "min-size=0"}, 204, []string{"OPTIONS", "POST", "PATCH", "POST", "PATCH"}},
		"neither":       {nil, 200, []string{"OPTIONS", "POST", "PATCH", "POST", "PATCH"}},
		"not found":     {nil, 404, []string{"OPTIONS", "POST", "PATCH", "POST", "PATCH"}},
		"limit is void": {[]string{rufh.HeaderUploadLimit, "1"}, 204, []string{"OPTIONS", "POST", "POST"}},
		"media type":    {[]string{"Accept-Patch", "text/x-diff, application/partial-upload"}, 204, []string{"OPTIONS", "POST", "POST"}},
		"other patches": {[]string{"Accept-Patch", "application/offset+octet-stream"}, 204, []string{"OPTIONS", "POST", "PATCH", "POST", "PATCH"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tus := fake.Handler(fake.Config{})
			p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method == http.MethodOptions:
					if r.Header.Get(rufh.HeaderInteropVersion) != "10" {
						t.Errorf("OPTIONS has the header %v, want %q", r.Header, "10")
					}
					respond(w, r, test.status, test.options...)
				case r.Header.Get("Tus-Resumable") == "":
					accepting(w, r)
				default:
					tus.ServeHTTP(w, r)
				}
			})
			c := p.client(t, client.Config{Protocol: client.ProtocolAuto, InlineSize: 1})
			for range 2 {
				if _, err := c.Upload(t.Context(), client.Bytes([]byte("content")), nil); err != nil {
					t.Fatal(err)
				}
			}
			if got := p.seen(); !slices.Equal(got, test.want) {
				t.Errorf("requests %v, want %v", got, test.want)
			}
		})
	}
}

// Uploads that begin at the same time ask once together.
func TestProtocolAutoOfMany(t *testing.T) {
	var made atomic.Int64
	p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodOptions {
			accepting(w, r)
			return
		}
		respond(w, r, 104, "Location", "/"+strconv.FormatInt(made.Add(1), 10))
		drain(r)
		respond(w, r, 201, rufh.HeaderUploadComplete, "?1")
	})
	items := make([]client.Item, 20)
	for i := range items {
		items[i].Source = client.Bytes([]byte("content"))
	}
	c := p.client(t, client.Config{Protocol: client.ProtocolAuto, Concurrency: 10})
	if _, err := c.UploadAll(t.Context(), items); err != nil {
		t.Fatal(err)
	}
	if options, posts := p.count(http.MethodOptions), p.count(http.MethodPost); options != 1 || posts != 20 {
		t.Errorf("%d times OPTIONS, %d POST, want 1 and 20", options, posts)
	}
}

// A server that announced Resumable Uploads for HTTP and refuses the creation as a tus server
// gets tus from then on. Nothing is stored before.
func TestProtocolFallback(t *testing.T) {
	tus := fake.Handler(fake.Config{})
	p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodOptions:
			accepting(w, r)
		case r.Header.Get("Tus-Resumable") == "":
			respond(w, r, 412, "Tus-Resumable", "1.0.0")
		default:
			tus.ServeHTTP(w, r)
		}
	})
	c := p.client(t, client.Config{Protocol: client.ProtocolAuto})
	for range 2 {
		res, err := c.Upload(t.Context(), client.Bytes([]byte("content")), nil)
		if err != nil || res.Offset != 7 {
			t.Fatal(res.Offset, err)
		}
	}
	if got, want := p.seen(), []string{"OPTIONS", "POST", "POST", "PATCH", "POST", "PATCH"}; !slices.Equal(got, want) {
		t.Errorf("requests %v, want %v", got, want)
	}
	if tus.Count() != 2 {
		t.Errorf("%d uploads, want 2", tus.Count())
	}
}

// The final response of the target reaches the caller, whatever its status.
func TestRUFHFinalResponse(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		body   string
		want   error
		cut    bool
	}{
		"200":         {status: 200, body: "stored"},
		"201":         {status: 201},
		"303":         {status: 303},
		"422":         {status: 422, body: "no", want: client.ErrRefused},
		"500":         {status: 500, body: "failed", want: client.ErrRefused},
		"a long body": {status: 200, body: strings.Repeat("x", 70_000), cut: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
				respond(w, r, 104, "Location", "/1")
				drain(r)
				w.Header().Set(rufh.HeaderUploadComplete, "?1")
				w.Header().Set("Location", "/target")
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			})
			for _, inline := range []int64{0, -1} {
				res, err := p.client(t, client.Config{Protocol: "rufh/9", InlineSize: inline}).Upload(t.Context(), client.Bytes([]byte("content")), nil)
				if !errors.Is(err, test.want) {
					t.Fatalf("error %v, want %v", err, test.want)
				}
				r := res.Response
				if r == nil || r.StatusCode != test.status || r.Header.Get("Location") != "/target" || r.Truncated != test.cut ||
					string(r.Body) != test.body[:min(len(test.body), 64<<10)] {
					t.Errorf("response %+v, want not nil, StatusCode %v, Location %q, Truncated %t and %q", r, test.status, "/target", test.cut, test.body[:min(len(test.body), 64<<10)])
				}
				if res.URL != p.URL+"/1" {
					t.Errorf("URL %s, want %q", res.URL, p.URL+"/1")
				}
			}
			if n := p.count(http.MethodHead); n != 0 {
				t.Errorf("requests %v, want 0", p.seen())
			}
		})
	}
}

// A final response that was lost is repeated by the server, or the upload is uncertain.
func TestRUFHFinalResponseLost(t *testing.T) {
	for name, test := range map[string]struct {
		head   []string // header of the answer to HEAD
		status int      // of the answer to the empty PATCH
		fields []string
		body   string
		want   error
	}{
		"repeated":           {[]string{rufh.HeaderUploadComplete, "?1", rufh.HeaderUploadOffset, "7"}, 201, []string{rufh.HeaderUploadComplete, "?1"}, "", nil},
		"only the offset":    {[]string{rufh.HeaderUploadOffset, "7"}, 201, []string{rufh.HeaderUploadComplete, "?1"}, "", nil},
		"repeated refusal":   {[]string{rufh.HeaderUploadOffset, "7"}, 422, []string{rufh.HeaderUploadComplete, "?1"}, "", client.ErrRefused},
		"known as completed": {[]string{rufh.HeaderUploadComplete, "?1", rufh.HeaderUploadOffset, "7"}, 400, []string{"Content-Type", rufh.ProblemMediaType}, `{"type":"` + rufh.ProblemCompletedUpload + `"}`, client.ErrUncertain},
		"gone":               {[]string{rufh.HeaderUploadComplete, "?1", rufh.HeaderUploadOffset, "7"}, 404, nil, "", client.ErrUncertain},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var gone atomic.Bool
			p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method == http.MethodPost:
					respond(w, r, 104, "Location", "/1")
					drain(r)
					panic(http.ErrAbortHandler)
				case r.Method == http.MethodHead && gone.Load():
					respond(w, r, 404)
				case r.Method == http.MethodHead:
					respond(w, r, 204, test.head...)
				default:
					gone.Store(test.status == 404)
					if r.Header.Get(rufh.HeaderUploadOffset) != "7" || r.Header.Get(rufh.HeaderUploadComplete) != "?1" || drain(r) != 0 {
						t.Errorf("PATCH %v, want %q, %q and 0", r.Header, "7", "?1")
					}
					for i := 0; i < len(test.fields); i += 2 {
						w.Header().Set(test.fields[i], test.fields[i+1])
					}
					w.WriteHeader(test.status)
					_, _ = io.WriteString(w, test.body)
				}
			})
			res, err := p.client(t, client.Config{Protocol: "rufh/8"}).Upload(t.Context(), client.Bytes([]byte("content")), nil)
			if !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			if test.want == nil && (res.Response == nil || res.Response.StatusCode != test.status) {
				t.Errorf("response %+v, want StatusCode %d", res.Response, test.status)
			}
			if p.count(http.MethodPost) != 1 {
				t.Errorf("requests %v, want 1", p.seen())
			}
		})
	}
}

// An ordinary request is sent to a server that knows nothing of uploads, and its response
// reaches the caller. A failure is not retried.
func TestUpgradeOfOrdinaryServer(t *testing.T) {
	for name, test := range map[string]struct {
		status int // 0: the connection is cut
		want   error
	}{
		"created":   {201, nil},
		"ok":        {200, nil},
		"not found": {404, protocol.ErrNotFound},
		"failed":    {503, protocol.ErrUnavailable},
		"redirect":  {302, nil},
		"cut":       {0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := make(chan string, 2)
			p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got <- string(body)
				if r.Header.Get("Content-Type") != "text/plain" || r.ContentLength != 7 {
					t.Errorf("header %v, length %d, want Content-Type %q and ContentLength 7", r.Header, r.ContentLength, "text/plain")
				}
				if test.status == 0 {
					panic(http.ErrAbortHandler)
				}
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, "words")
			})
			res, err := p.client(t, client.Config{}).Upload(t.Context(), client.Bytes([]byte("content")), &client.UploadOptions{
				Upgrade: &client.Upgrade{Method: http.MethodPut}, Header: http.Header{"Content-Type": {"text/plain"}},
			})
			if test.status == 0 {
				if err == nil || res.Response != nil || res.URL != "" {
					t.Errorf("error %v, result %+v, want an error, Response nil and URL \"\"", err, res)
				}
			} else if !errors.Is(err, test.want) || res.Response == nil || res.Response.StatusCode != test.status || string(res.Response.Body) != "words" {
				t.Errorf("error %v, want %v; response %+v", err, test.want, res.Response)
			}
			if body := <-got; body != "content" || !slices.Equal(p.seen(), []string{"PUT"}) {
				t.Errorf("content %q, requests %v, want %q and seen %q", body, p.seen(), "content", []string{"PUT"})
			}
		})
	}
}

// An ordinary request to a server that supports it is resumed.
func TestUpgradeResumes(t *testing.T) {
	var mu sync.Mutex
	var got bytes.Buffer
	p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		switch r.Method {
		case http.MethodPut:
			respond(w, r, 104, "Location", "/1")
			_, _ = io.CopyN(&got, r.Body, 3)
			panic(http.ErrAbortHandler)
		case http.MethodHead:
			respond(w, r, 204, rufh.HeaderUploadOffset, "3", rufh.HeaderUploadComplete, "?0")
		case http.MethodPatch:
			_, _ = io.Copy(&got, r.Body)
			respond(w, r, 200, rufh.HeaderUploadComplete, "?1")
		}
	})
	res, err := p.client(t, client.Config{}).Upload(t.Context(), client.Bytes([]byte("content")), &client.UploadOptions{Upgrade: &client.Upgrade{Method: "PUT"}})
	mu.Lock()
	defer mu.Unlock()
	if err != nil || res.Response == nil || res.Response.StatusCode != http.StatusOK || got.String() != "content" {
		t.Errorf("error %v, response %+v, content %q, want no error, Response not nil, Response.StatusCode 200 and %q", err, res.Response, got.String(), "content")
	}
	if want := []string{"PUT", "HEAD", "PATCH"}; !slices.Equal(p.seen(), want) {
		t.Errorf("requests %v, want %v", p.seen(), want)
	}
}

// Features that only tus has are errors before anything is sent, or are left out with a warning.
func TestRUFHFeatures(t *testing.T) {
	p := newPeer(t, accepting)
	src := func() client.Source { return client.Bytes([]byte("content")) }
	c := p.client(t, client.Config{Protocol: "rufh"})
	calls := map[string]func() error{
		"concat": func() error {
			_, err := c.UploadConcat(t.Context(), []client.Source{src(), src()}, nil)
			return err
		},
		"verify": func() error {
			_, err := c.Upload(t.Context(), src(), &client.UploadOptions{Verify: true})
			return err
		},
		"checksum": func() error {
			_, err := c.Upload(t.Context(), src(), &client.UploadOptions{Checksum: "sha256"})
			return err
		},
		"metadata": func() error { _, err := c.Metadata(t.Context(), p.URL+"/1", nil); return err },
		"head":     func() error { _, err := c.Head(t.Context(), p.URL+"/1", nil); return err },
		"options":  func() error { _, err := c.Options(t.Context(), nil); return err },
		"create":   func() error { _, err := c.Create(t.Context(), protocol.Creation{}, nil); return err },
		"inline": func() error {
			_, err := c.CreateWithUpload(t.Context(), protocol.Creation{}, strings.NewReader("x"), 1, nil)
			return err
		},
		"patch": func() error {
			_, err := c.Patch(t.Context(), p.URL+"/1", protocol.Patch{}, strings.NewReader("x"), 1, nil)
			return err
		},
		"join": func() error { _, err := c.Concat(t.Context(), nil, nil, nil); return err },
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, client.ErrUnsupported) {
			t.Errorf("%s: %v, want ErrUnsupported", name, err)
		}
	}
	if seen := p.seen(); len(seen) > 0 {
		t.Errorf("requests %v, want none", seen)
	}
	var log bytes.Buffer
	c = p.client(t, client.Config{Protocol: "rufh", Logger: slog.New(slog.NewTextHandler(&log, nil))})
	for range 2 {
		if _, err := c.Upload(t.Context(), client.Bytes(make([]byte, 3<<20)), &client.UploadOptions{
			Parallel: 2, Checksum: client.ChecksumAuto, Metadata: protocol.Metadata{"filename": "a", "color": "red"},
		}); err != nil {
			t.Fatal(err)
		}
	}
	for text, times := range map[string]int{"sending over one connection": 2, "metadata is not sent": 1, "key=color": 1, "key=filename": 0} {
		if n := strings.Count(log.String(), text); n != times {
			t.Errorf("%q is %d times in the log, want %d:\n%s", text, n, times, &log)
		}
	}
	if _, err := c.Terminate(t.Context(), p.URL+"/1", nil); err != nil {
		t.Error(err)
	}
	if want := []string{"OPTIONS", "POST", "POST", "DELETE"}; !slices.Equal(p.seen(), want) {
		t.Errorf("requests %v, want %v", p.seen(), want)
	}
}

// A server cannot be asked for an upload that the ledger has as finished. The source is skipped
// if the ledger is trusted.
func TestRUFHLedger(t *testing.T) {
	for _, trust := range []bool{false, true} {
		p := newPeer(t, accepting)
		c := p.client(t, client.Config{Protocol: "rufh", Ledger: new(clienttest.Ledger), TrustLedger: trust})
		name := clienttest.WriteFile(t, "content")
		for run := range 2 {
			src, err := client.Path(name)
			if err != nil {
				t.Fatal(err)
			}
			res, err := c.Upload(t.Context(), src, nil)
			switch {
			case run == 0 && err != nil:
				t.Fatal(err)
			case run == 1 && trust && (err != nil || !res.Skipped):
				t.Errorf("skipped: %t, %v, want true and no error", res.Skipped, err)
			case run == 1 && !trust && !errors.Is(err, client.ErrUnsupported):
				t.Errorf("error %v, want ErrUnsupported", err)
			}
		}
		if !slices.Equal(p.seen(), []string{"OPTIONS", "POST"}) {
			t.Errorf("requests %v, want OPTIONS and POST", p.seen())
		}
	}
}

// A redirect to another origin keeps the fields of the protocol.
func TestRUFHRedirect(t *testing.T) {
	p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
		for name, want := range map[string]string{
			rufh.HeaderInteropVersion: "8", rufh.HeaderUploadComplete: "?1", rufh.HeaderUploadLength: "7",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		drain(r)
		respond(w, r, 201, rufh.HeaderUploadComplete, "?1")
	})
	from := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
		drain(r)
		respond(w, r, 307, "Location", p.URL)
	})
	if _, err := from.client(t, client.Config{Protocol: "rufh/8"}).Upload(t.Context(), client.Bytes([]byte("content")), nil); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p.seen(), []string{"POST"}) {
		t.Errorf("requests %v, want %q", p.seen(), []string{"POST"})
	}
}

// A stream whose server does not acknowledge bytes while it receives them ends its request after
// a few seconds, and is sent in requests of half its window from then on.
func TestRUFHStreamWithoutProgress(t *testing.T) {
	const window, size = 4000, 20_000
	synctest.Test(t, func(t *testing.T) {
		var requests []string
		s := fake.New(t, fake.Config{Frontend: func(store *fake.Store) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				q := rufh.ParseRequest(r.Header)
				path := "/files/1"
				if r.Method == http.MethodPost {
					path = store.Create(nil, protocol.Length{}, nil)
					respond(w, r, 104, "Location", path)
				}
				body, err := io.ReadAll(r.Body)
				store.Append(path, body, protocol.Length{})
				requests = append(requests, fmt.Sprintf("%s %d %v", r.Method, len(body), q.Complete))
				if err != nil {
					panic(http.ErrAbortHandler)
				}
				fields := []string{rufh.HeaderUploadComplete, q.Complete.String(), rufh.HeaderUploadOffset, strconv.FormatInt(store.State(path).Offset, 10)}
				if r.Method == http.MethodHead {
					fields[1] = "?0"
				}
				respond(w, r, 204, fields...)
			})
		}})
		began := time.Now()
		c := clienttest.NewClient(t, s, client.Config{Protocol: "rufh/8"})
		src := strings.Repeat("0123456789", size/10)
		res, err := c.Upload(t.Context(), client.Stream(clienttest.PlainReader(src), &client.StreamOptions{Window: window}), nil)
		if err != nil || string(s.Bytes(res.URL)) != src {
			t.Fatalf("%d bytes stored, error %v, requests %q, want no error and the expected %d", len(s.Bytes(res.URL)), err, requests, len(src))
		}
		if took := time.Since(began); took < 5*time.Second || took > 10*time.Second {
			t.Errorf("it took %v, want at least %v and at most %v", took, 5*time.Second, 10*time.Second)
		}
		if len(requests) != 10 || requests[0] != "POST 4000 ?1" || requests[1] != "HEAD 0 " || requests[2] != "PATCH 2000 ?0" || requests[len(requests)-1] != "PATCH 2000 ?1" {
			t.Errorf("requests %q, want 10 of them, [0] %q, [1] %q, [2] %q and last %q", requests, "POST 4000 ?1", "HEAD 0 ", "PATCH 2000 ?0", "PATCH 2000 ?1")
		}
	})
}

// With Once, the URL is recorded before the first byte: the creation has no bytes. An empty source
// is completed by a request of its own.
func TestRUFHOnce(t *testing.T) {
	for _, content := range []string{"content", ""} {
		p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
			q := rufh.ParseRequest(r.Header)
			n := drain(r)
			if r.Method == http.MethodPost && (n > 0 || q.Complete != rufh.Incomplete) || r.Method == http.MethodPatch && q.Complete != rufh.Complete {
				t.Errorf("%s of %d bytes, complete %v, want no bytes in POST, and the last ones in PATCH", r.Method, n, q.Complete)
			}
			respond(w, r, 201, "Location", "/1", rufh.HeaderUploadComplete, q.Complete.String())
		})
		store, ledger := new(client.MemoryStore), new(clienttest.Ledger)
		c := p.client(t, client.Config{Protocol: "rufh/8", Once: true, Store: store, Ledger: ledger, TrustLedger: true})
		name := clienttest.WriteFile(t, content)
		for run := range 2 {
			res, err := c.Upload(t.Context(), clienttest.PathSource(t, name), nil)
			if err != nil || res.Skipped != (run == 1) {
				t.Errorf("%q, run %d: skipped %t, %v, want %t and no error", content, run, res.Skipped, err, run == 1)
			}
		}
		if !slices.Equal(p.seen(), []string{"POST", "PATCH"}) {
			t.Errorf("%q: requests %v, want %q", content, p.seen(), []string{"POST", "PATCH"})
		}
	}
}

// A caller resumes an upload by its URL, in the protocol that the server speaks.
func TestRUFHResume(t *testing.T) {
	p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodOptions:
			respond(w, r, 204, rufh.HeaderUploadLimit, "min-size=0")
		case http.MethodHead:
			respond(w, r, 204, rufh.HeaderUploadOffset, "3", rufh.HeaderUploadLength, "7", rufh.HeaderUploadComplete, "?0")
		default:
			if n := drain(r); n != 4 || r.Header.Get(rufh.HeaderUploadOffset) != "3" {
				t.Errorf("%d bytes at %s, want 4 and %q", n, r.Header.Get(rufh.HeaderUploadOffset), "3")
			}
			respond(w, r, 200, rufh.HeaderUploadComplete, "?1")
		}
	})
	for name, want := range map[string][]string{"auto": {"OPTIONS", "HEAD", "PATCH"}, "rufh/9": {"HEAD", "PATCH"}} {
		before := len(p.seen())
		res, err := p.client(t, client.Config{Protocol: name}).Resume(t.Context(), p.URL+"/1", client.Bytes([]byte("content")), nil)
		if err != nil || res.Resumed != 3 || res.Response == nil {
			t.Errorf("%s: %v, %+v, want no error, Resumed 3 and Response not nil", name, err, res)
		}
		if got := p.seen()[before:]; !slices.Equal(got, want) {
			t.Errorf("%s: requests %v, want %v", name, got, want)
		}
	}
	_, err := p.client(t, client.Config{Protocol: "rufh/9"}).Resume(t.Context(), p.URL+"/1", client.Bytes([]byte("other size")), nil)
	if !errors.Is(err, client.ErrLengthMismatch) {
		t.Errorf("error %v, want ErrLengthMismatch", err)
	}
}

// A server that names its version gets that version, before any byte of the upload is sent. A
// server that names none gets the newest.
func TestRUFHVersionOfServer(t *testing.T) {
	const version = rufh.HeaderInteropVersion
	for name, test := range map[string]struct {
		protocol string
		options  []string // header of the answer to OPTIONS
		status   int
		speaks   string // version of the server
		want     []string
		err      error
	}{
		"auto":              {"auto", []string{rufh.HeaderUploadLimit, "min-size=0", version, "8"}, 204, "8", []string{"OPTIONS", "POST", "POST"}, nil},
		"rufh":              {"rufh", []string{rufh.HeaderUploadLimit, "min-size=0", version, "8"}, 204, "8", []string{"OPTIONS", "POST", "POST"}, nil},
		"no version":        {"rufh", []string{rufh.HeaderUploadLimit, "min-size=0"}, 204, "10", []string{"OPTIONS", "POST", "POST"}, nil},
		"unknown version":   {"rufh", []string{rufh.HeaderUploadLimit, "min-size=0", version, "11"}, 204, "10", []string{"OPTIONS", "POST", "POST"}, nil},
		"no OPTIONS":        {"rufh", nil, 405, "10", []string{"OPTIONS", "POST", "POST"}, nil},
		"a version is said": {"rufh/9", []string{rufh.HeaderUploadLimit, "min-size=0", version, "8"}, 204, "9", []string{"POST", "POST"}, nil},
		"tus":               {"rufh", []string{"Tus-Resumable", "1.0.0", "Tus-Version", "1.0.0"}, 204, "", []string{"OPTIONS"}, client.ErrOtherProtocol},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method == http.MethodOptions:
					respond(w, r, test.status, test.options...)
				case r.Header.Get(version) != test.speaks:
					t.Errorf("%s in version %q", r.Method, r.Header.Get(version))
					respond(w, r, 400)
				default:
					accepting(w, r)
				}
			})
			c := p.client(t, client.Config{Protocol: test.protocol})
			for range 2 {
				if _, err := c.Upload(t.Context(), client.Bytes([]byte("content")), nil); !errors.Is(err, test.err) || (err != nil) != (test.err != nil) {
					t.Fatalf("error %v, want %v", err, test.err)
				}
			}
			if got := p.seen(); !slices.Equal(got, test.want) {
				t.Errorf("requests %v, want %v", got, test.want)
			}
		})
	}
}

// The limits in the answer to OPTIONS hold for the first creation.
func TestProtocolAutoObeysLimits(t *testing.T) {
	for _, name := range []string{"auto", "rufh"} {
		p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
			switch r.Method {
			case http.MethodOptions:
				respond(w, r, 204, rufh.HeaderUploadLimit, "max-append-size=4")
			case http.MethodPost:
				if n := drain(r); n > 4 {
					t.Errorf("%s: POST of %d bytes", name, n)
				}
				respond(w, r, 201, "Location", "/1", rufh.HeaderUploadComplete, "?0")
			default:
				if n := drain(r); n > 4 {
					t.Errorf("%s: PATCH of %d bytes", name, n)
				}
				respond(w, r, 204, rufh.HeaderUploadComplete, r.Header.Get(rufh.HeaderUploadComplete))
			}
		})
		if _, err := p.client(t, client.Config{Protocol: name}).Upload(t.Context(), client.Bytes([]byte("content")), nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := p.seen(); !slices.Equal(got, []string{"OPTIONS", "POST", "PATCH", "PATCH"}) {
			t.Errorf("%s: requests %v", name, got)
		}
	}
}

// An error of a server that names another version says which.
func TestRUFHVersionError(t *testing.T) {
	const version = rufh.HeaderInteropVersion
	for name, handle := range map[string]http.HandlerFunc{
		"refusal": func(w http.ResponseWriter, r *http.Request) { drain(r); respond(w, r, 400, version, "8") },
		"success": func(w http.ResponseWriter, r *http.Request) { drain(r); respond(w, r, 200, version, "8") },
		"104": func(w http.ResponseWriter, r *http.Request) {
			respond(w, r, 104, version, "8", "Location", "/1")
			drain(r)
			respond(w, r, 400)
		},
	} {
		p := newPeer(t, handle)
		_, err := p.client(t, client.Config{Protocol: "rufh/10"}).Upload(t.Context(), client.Bytes([]byte("content")), nil)
		other, ok := errors.AsType[*client.VersionError](err)
		if !ok || other.Server != "rufh/8" || other.Client != "rufh/10" || !errors.Is(err, client.ErrNotRUFH) || len(p.seen()) != 1 {
			t.Errorf("%s: error %v, requests %v", name, err, p.seen())
		}
	}
}
