package peers

import (
	"bytes"
	"errors"
	"net/http"
	"testing"

	gotus "github.com/eventials/go-tus"
	"github.com/eventials/go-tus/memorystore"
	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

// newGoTus returns a client of github.com/eventials/go-tus with chunks of 1 MiB,
// and an upload of data.
func newGoTus(t *testing.T, srv *testserver.Server, data []byte) (*gotus.Client, *gotus.Upload) {
	t.Helper()
	store, err := memorystore.NewMemoryStore()
	if err != nil {
		t.Fatal(err)
	}
	config := gotus.DefaultConfig()
	config.ChunkSize, config.HttpClient = mib, httpClient(t, srv)
	config.Resume, config.Store = true, store
	c, err := gotus.NewClient(srv.URL(), config)
	if err != nil {
		t.Fatal(err)
	}
	metadata := gotus.Metadata{"filename": "слон.bin", "empty": ""}
	return c, gotus.NewUpload(bytes.NewReader(data), int64(len(data)), metadata, "elephant")
}

func TestGoTus(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		size    int
		patches int
	}{
		{name: "empty", size: 0, patches: 0},
		{name: "one byte", size: 1, patches: 1},
		{name: "a chunk", size: mib, patches: 1},
		{name: "one byte over", size: mib + 1, patches: 2},
		{name: "large", size: 8 * mib, patches: 8},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := testserver.New(t, testserver.Config{})
			data := content(tt.size)
			c, upload := newGoTus(t, srv, data)
			uploader, err := c.CreateUpload(upload)
			if err != nil {
				t.Fatal(err)
			}
			if err := uploader.Upload(); err != nil {
				t.Fatal(err)
			}
			checkStored(t, srv, uploader.Url(), data)
			info, err := srv.Info(uploader.Url())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(protocol.Metadata{"filename": "слон.bin", "empty": ""}, info.Metadata); diff != "" {
				t.Errorf("metadata (-want +got):\n%s", diff)
			}
			if got := srv.Count(http.MethodPatch); got != tt.patches {
				t.Errorf("%d PATCHes, want %d", got, tt.patches)
			}
		})
	}
}

// go-tus stops at the first failure. After Resume, it continues at the offset that
// the server names.
func TestGoTusResumes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault testserver.Fault
		err   error // nil: any
	}{
		{name: "cut", fault: patch(testserver.CutAfter(100 * kib))},
		{name: "reset", fault: patch(testserver.Reset())},
		{name: "answer lost", fault: patch(testserver.DropReply())},
		{name: "server busy", fault: patch(testserver.Status(http.StatusServiceUnavailable, nil, "busy\n"))},
		{name: "offset too large", fault: patch(testserver.OffsetDelta(1000)), err: gotus.ErrOffsetMismatch},
		{name: "offset too small", fault: patch(testserver.OffsetDelta(-1000)), err: gotus.ErrOffsetMismatch},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := testserver.New(t, testserver.Config{})
			srv.Inject(patch(nil), tt.fault) // the second chunk
			data := content(4 * mib)
			c, upload := newGoTus(t, srv, data)
			uploader, err := c.CreateUpload(upload)
			if err != nil {
				t.Fatal(err)
			}
			if err := uploader.Upload(); err == nil || tt.err != nil && !errors.Is(err, tt.err) {
				t.Fatalf("error %v", err)
			}
			again, err := c.ResumeUpload(upload)
			if err != nil {
				t.Fatal(err)
			}
			if err := again.Upload(); err != nil {
				t.Fatal(err)
			}
			if again.Url() != uploader.Url() || srv.Count(http.MethodPost) != 1 {
				t.Errorf("resumed at %s, created at %s", again.Url(), uploader.Url())
			}
			checkStored(t, srv, again.Url(), data)
		})
	}
}

// go-tus notices that an expired or unknown upload is gone, and creates a new one.
func TestGoTusGone(t *testing.T) {
	t.Parallel()
	srv := testserver.New(t, testserver.Config{})
	srv.Inject(
		patch(testserver.Status(http.StatusServiceUnavailable, nil, "busy\n")),
		testserver.Fault{Method: http.MethodHead, Do: testserver.Forget()},
	)
	data := content(2 * mib)
	c, upload := newGoTus(t, srv, data)
	uploader, err := c.CreateUpload(upload)
	if err != nil {
		t.Fatal(err)
	}
	if err := uploader.Upload(); err == nil {
		t.Fatal("no error")
	}
	if uploader, err = c.CreateOrResumeUpload(upload); err != nil {
		t.Fatal(err)
	}
	if err := uploader.Upload(); err != nil {
		t.Fatal(err)
	}
	checkStored(t, srv, uploader.Url(), data)
}
