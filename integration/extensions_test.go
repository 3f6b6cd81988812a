package integration

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// Verify finds damage that the server did not detect.
func TestVerify(t *testing.T) {
	t.Parallel()
	data := content(mib)
	for _, tt := range []struct {
		name   string
		faults []testserver.Fault
		is     error
	}{
		{name: "right"},
		{name: "cut and read again", faults: []testserver.Fault{{Method: http.MethodGet, Do: testserver.DropReply()}}},
		{name: "damaged on its way", faults: []testserver.Fault{patch(flip(5000))}, is: client.ErrDifferent},
		{
			name: "download refused", faults: []testserver.Fault{{Method: http.MethodGet, Do: testserver.Status(http.StatusNotFound, nil, "")}},
			is: client.ErrUnverified,
		},
	} {
		for _, stream := range []bool{false, true} {
			t.Run(tt.name+map[bool]string{true: ", stream"}[stream], func(t *testing.T) {
				t.Parallel()
				srv := testserver.New(t, testserver.Config{})
				srv.Inject(tt.faults...)
				src := readerAt(t, data)
				if stream {
					src = client.Stream(bytes.NewReader(data), nil)
				}
				c := newClient(t, client.Config{Endpoint: srv.URL(), Doer: srv.Client(), Retry: quick})
				res, err := c.Upload(t.Context(), src, &client.UploadOptions{Verify: true})
				wantEnd(t, err, tt.is)
				if res.Verified != (tt.is == nil) || res.Offset != mib {
					t.Errorf("result %+v", res)
				}
			})
		}
	}
}

// finals records the events of an upload of several sources, and their times.
type finals struct {
	url    string // of the final upload
	early  int    // events of progress before the URL was known
	middle func()
}

func (f *finals) event(ev client.Event) {
	switch {
	case ev.Kind == client.EventCreated && ev.Part == 0:
		f.url = ev.URL
	case ev.Kind == client.EventProgress && f.url == "":
		f.early++
	case ev.Kind == client.EventDone && ev.Part == 1 && f.middle != nil:
		f.middle()
	}
}

// The final upload exists before its parts are sent. It has a length and no offset
// until they are complete.
func TestFinalFirst(t *testing.T) {
	t.Parallel()
	for _, unfinished := range []bool{true, false} {
		t.Run(map[bool]string{true: "announced", false: "not announced"}[unfinished], func(t *testing.T) {
			t.Parallel()
			srv := testserver.New(t, testserver.Config{ConcatUnfinished: unfinished, Checksum: []string{"sha1"}})
			srv.Inject(patch(testserver.CutAfter(1000)), patch(flip(3)))
			c := newClient(t, client.Config{Endpoint: srv.URL(), Doer: srv.Client(), Checksum: "sha1", Retry: quick})
			data := content(3 * mib)
			sources, files := parts(t, data)
			var f finals
			f.middle = func() {
				if !unfinished {
					return
				}
				h := headers(t, srv, f.url)
				if h.Get(protocol.HeaderUploadLength) != "3145728" || h.Get(protocol.HeaderUploadOffset) != "" ||
					!strings.HasPrefix(h.Get(protocol.HeaderUploadConcat), "final;") {
					t.Errorf("HEAD during the transfer returns %v", h)
				}
			}
			res, err := c.UploadConcat(t.Context(), sources, &client.ConcatOptions{FinalFirst: true, Concurrency: 1, OnEvent: f.event})
			if err != nil {
				t.Fatal(err)
			}
			checkStored(t, srv, res.URL, data)
			if res.URL != f.url || unfinished != (f.early == 0) {
				t.Errorf("created %q, URL %q, %d events of progress before the creation", f.url, res.URL, f.early)
			}
			checkRemovable(t, files)
		})
	}
}

// parts are files that hold a third of the data each.
func parts(t *testing.T, data []byte) ([]client.Source, []string) {
	t.Helper()
	var sources []client.Source
	var files []string
	for piece := range slices.Chunk(data, len(data)/3) {
		name := filepath.Join(t.TempDir(), "part")
		writeOld(t, name, piece)
		src, err := client.Path(name)
		if err != nil {
			t.Fatal(err)
		}
		sources, files = append(sources, src), append(files, name)
	}
	return sources, files
}

// checkRemovable finds files that are still open, on systems that do not remove open
// files.
func checkRemovable(t *testing.T, files []string) {
	t.Helper()
	links, _ := filepath.Glob("/proc/self/fd/*")
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && slices.Contains(files, to) {
			t.Errorf("%s is still open", to)
		}
	}
}

func headers(t *testing.T, srv *testserver.Server, url string) http.Header {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodHead, url, http.NoBody)
	if err != nil {
		t.Error(err)
		return nil
	}
	req.Header.Set(protocol.HeaderResumable, protocol.Version)
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Error(err)
		return nil
	}
	_ = resp.Body.Close()
	return resp.Header
}

// If a part fails, the final upload can still be completed, because its parts can
// be resumed.
func TestFinalFirstResumes(t *testing.T) {
	t.Parallel()
	srv := testserver.New(t, testserver.Config{ConcatUnfinished: true})
	srv.Inject(patch(nil), patch(testserver.Status(http.StatusForbidden, nil, "no")))
	c := newClient(t, client.Config{Endpoint: srv.URL(), Doer: srv.Client(), Retry: quick})
	data := content(3 * mib)
	sources, files := parts(t, data)
	res, err := c.UploadConcat(t.Context(), sources, &client.ConcatOptions{FinalFirst: true, Concurrency: 1})
	wantEnd(t, err, protocol.ErrForbidden)
	wantEnd(t, err, client.ErrPart)
	checkRemovable(t, files)
	if res.URL == "" || len(res.Parts) != 3 || res.Offset != mib {
		t.Fatalf("result %+v", res)
	}
	for i, part := range res.Parts {
		if _, err := c.Resume(t.Context(), part.URL, sources[i], nil); err != nil {
			t.Fatal(err)
		}
	}
	checkStored(t, srv, res.URL, data)
}

func wantEnd(t *testing.T, err, is error) {
	t.Helper()
	if !errors.Is(err, is) || (err == nil) != (is == nil) {
		t.Errorf("error %v, want %v", err, is)
	}
}

// An expired upload is gone. The client creates a new upload in its place, unless
// the caller wants an error.
func TestExpired(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		recreate client.Recreate
		unix     bool
		is       error
		want     string // requests of the second run
	}{
		{name: "new upload", recreate: client.RecreateGone, want: "HEAD POST PATCH@0"},
		{name: "new upload, seconds", recreate: client.RecreateGone, unix: true, want: "HEAD POST PATCH@0"},
		{name: "error", recreate: client.RecreateNever, is: protocol.ErrGone, want: "HEAD"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := testserver.NewNetwork()
				srv := testserver.New(t, testserver.Config{Network: network, Expiration: time.Hour, ExpiresUnix: tt.unix})
				doer := nethttp.New(nethttp.Config{DialContext: network.DialContext, NoProxy: true, HTTP1Only: true})
				t.Cleanup(doer.CloseIdleConnections)
				data := content(2 * mib)
				name := filepath.Join(t.TempDir(), "source")
				if err := os.WriteFile(name, data, 0o600); err != nil {
					t.Fatal(err)
				}
				src, err := client.Path(name)
				if err != nil {
					t.Fatal(err)
				}
				var store client.MemoryStore
				var log bytes.Buffer
				c := newClient(t, client.Config{
					Endpoint: srv.URL(), Doer: doer, Store: &store, Recreate: tt.recreate, ChunkSize: mib,
					Logger: slog.New(slog.NewTextHandler(&log, nil)),
				})
				srv.Inject(patch(nil), patch(testserver.Status(http.StatusForbidden, nil, "no")))
				first, err := c.Upload(t.Context(), src, nil)
				wantEnd(t, err, protocol.ErrForbidden)
				known, err := c.Lookup(t.Context(), src)
				if err != nil || known.Unfinished == nil || !known.Unfinished.Expires.Equal(first.Expires) || first.Expires.IsZero() {
					t.Fatalf("record %+v, error %v, of an upload that expires at %v", known.Unfinished, err, first.Expires)
				}

				time.Sleep(2 * time.Hour)
				srv.ResetRequests()
				log.Reset()
				second, err := c.Upload(t.Context(), src, nil)
				wantEnd(t, err, tt.is)
				want := sequence(tt.want)
				if tt.is == nil {
					want = append(want, patchAt(mib))
					checkStored(t, srv, second.URL, data)
					if second.URL == first.URL {
						t.Error("the result has the URL of the expired upload")
					}
					if !strings.Contains(log.String(), "upload starts over") {
						t.Errorf("the log has no warning:\n%s", &log)
					}
				}
				if !slices.Equal(requests(srv), want) {
					t.Errorf("requests %v, want %v", requests(srv), want)
				}
			})
		})
	}
}

// The client warns as soon as the rate shows that the upload will expire before its
// end.
func TestExpiresSoon(t *testing.T) {
	t.Parallel()
	const soon = "upload will expire before it is complete at this rate"
	for _, tt := range []struct {
		name  string
		until time.Duration
		is    error
	}{
		{name: "in time", until: time.Minute},
		{name: "not in time", until: 10 * time.Second, is: protocol.ErrGone},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := testserver.NewNetwork()
				srv := testserver.New(t, testserver.Config{Network: network, Expiration: tt.until})
				doer := nethttp.New(nethttp.Config{DialContext: network.DialContext, NoProxy: true, HTTP1Only: true})
				t.Cleanup(doer.CloseIdleConnections)
				// Each of eight chunks takes about four seconds.
				srv.Inject(times(testserver.Always, patch(testserver.Throttle(32*kib))))
				var log bytes.Buffer
				c := newClient(t, client.Config{
					Endpoint: srv.URL(), Doer: doer, ChunkSize: 128 * kib, Logger: slog.New(slog.NewTextHandler(&log, nil)),
				})
				_, err := c.Upload(t.Context(), readerAt(t, content(mib)), nil)
				wantEnd(t, err, tt.is)
				if said := strings.Contains(log.String(), soon); said != (tt.is != nil) {
					t.Errorf("the log has the warning: %v\n%s", said, &log)
				}
			})
		})
	}
}

func TestTerminate(t *testing.T) {
	t.Parallel()
	for _, without := range []bool{false, true} {
		t.Run(map[bool]string{false: "announced", true: "not announced"}[without], func(t *testing.T) {
			t.Parallel()
			srv := testserver.New(t, testserver.Config{DisableTermination: without})
			c := newClient(t, client.Config{Endpoint: srv.URL(), Doer: srv.Client(), Retry: quick})
			srv.Inject(patch(testserver.Status(http.StatusForbidden, nil, "no")))
			res, err := c.Upload(t.Context(), readerAt(t, content(10)), nil)
			wantEnd(t, err, protocol.ErrForbidden)
			_, err = c.Terminate(t.Context(), res.URL, nil)
			if without {
				if err == nil {
					t.Error("no error")
				}
				return
			}
			wantEnd(t, err, nil)
			if left, err := srv.Uploads(); len(left) != 0 || err != nil {
				t.Errorf("the server still has %v, error %v", left, err)
			}
			_, err = c.Terminate(t.Context(), res.URL, nil)
			wantEnd(t, err, protocol.ErrNotFound)
		})
	}
}

// Only the last chunk of a stream declares the length.
func TestDeferredLength(t *testing.T) {
	t.Parallel()
	srv := testserver.New(t, testserver.Config{Checksum: []string{"md5"}})
	srv.Inject(patch(nil), patch(nil), patch(flip(1)))
	c := newClient(t, client.Config{Endpoint: srv.URL(), Doer: srv.Client(), Checksum: client.ChecksumAuto, Retry: quick})
	data := content(5000)
	res, err := c.Upload(t.Context(), client.Stream(bytes.NewReader(data), &client.StreamOptions{Window: 4000}), nil)
	if err != nil {
		t.Fatal(err)
	}
	checkStored(t, srv, res.URL, data)
	var declared []string
	for _, r := range srv.Requests() {
		if r.Header.Get(protocol.HeaderUploadDeferLength) != "" {
			declared = append(declared, "deferred")
		}
		if n := r.Header.Get(protocol.HeaderUploadLength); n != "" {
			declared = append(declared, patchAt(r.Offset)+" of "+n)
		}
	}
	// A refused chunk declares nothing, so the next request declares the length
	// again.
	if want := []string{"deferred", "PATCH@4000 of 5000", "PATCH@4000 of 5000"}; !slices.Equal(declared, want) {
		t.Errorf("requests that declare the length %v, want %v", declared, want)
	}
}

// When the extensions of the server are known, small files are sent with their
// creation.
func TestCreationWithUpload(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		size   int
		faults []testserver.Fault
		want   string
	}{
		{name: "small", size: small, want: "POST"},
		{name: "too large", size: mib + 1, want: "POST PATCH@0"},
		{name: "answer lost", size: small, faults: []testserver.Fault{post(testserver.DropReply())}, want: "POST POST PATCH@0"},
		{name: "cut", size: small, faults: []testserver.Fault{post(testserver.CutAfter(1000))}, want: "POST POST PATCH@0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := testserver.New(t, testserver.Config{})
			c := newClient(t, client.Config{Endpoint: srv.URL(), Doer: srv.Client(), Retry: quick})
			if err := c.Learn(t.Context()); err != nil {
				t.Fatal(err)
			}
			srv.ResetRequests()
			srv.Inject(tt.faults...)
			data := content(tt.size)
			res, err := c.Upload(t.Context(), readerAt(t, data), nil)
			if err != nil {
				t.Fatal(err)
			}
			checkStored(t, srv, res.URL, data)
			if got := strings.Join(requests(srv), " "); got != tt.want {
				t.Errorf("requests %s, want %s", got, tt.want)
			}
		})
	}
}
