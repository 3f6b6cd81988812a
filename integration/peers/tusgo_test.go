package peers

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/bdragon300/tusgo"
	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

// newTusgo returns a client of github.com/bdragon300/tusgo that knows the
// extensions of the server.
func newTusgo(t *testing.T, srv *testserver.Server) *tusgo.Client {
	t.Helper()
	endpoint, err := url.Parse(srv.URL())
	if err != nil {
		t.Fatal(err)
	}
	c := tusgo.NewClient(httpClient(t, srv), endpoint)
	if _, err := c.UpdateCapabilities(); err != nil { //nolint:bodyclose // Tusgo closes it.
		t.Fatal(err)
	}
	return c
}

func createTusgo(t *testing.T, c *tusgo.Client, size int, partial bool) *tusgo.Upload {
	t.Helper()
	upload := new(tusgo.Upload)
	metadata := map[string]string{"filename": "слон.bin"}
	if _, err := c.CreateUpload(upload, int64(size), partial, metadata); err != nil { //nolint:bodyclose // Tusgo closes it.
		t.Fatal(err)
	}
	return upload
}

// The uploads have at least one byte, because tusgo panics for an empty upload.
func TestTusgo(t *testing.T) {
	t.Parallel()
	layers := testserver.Config{Checksum: testserver.ChecksumAlgorithms(), ChecksumTrailer: true, Expiration: time.Hour}
	tests := []struct {
		name     string
		size     int
		config   testserver.Config
		chunk    int64
		checksum string
		patches  int
	}{
		{name: "one byte", size: 1, chunk: mib, patches: 1},
		{name: "a chunk", size: mib, chunk: mib, patches: 1},
		{name: "chunks", size: 4*mib + 1, chunk: mib, patches: 5},
		{name: "one request", size: 8 * mib, chunk: tusgo.NoChunked, patches: 1},
		{name: "checksum", size: 3*mib + 1, config: layers, chunk: mib, checksum: "sha1", patches: 4},
		{name: "other checksum", size: mib, config: layers, chunk: mib, checksum: "sha256", patches: 1},
		{name: "checksum as trailer", size: 3*mib + 1, config: layers, chunk: tusgo.NoChunked, checksum: "md5", patches: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := testserver.New(t, tt.config)
			c := newTusgo(t, srv)
			upload := createTusgo(t, c, tt.size, false)
			if got := upload.UploadExpired != nil; got != (tt.config.Expiration > 0) {
				t.Errorf("expires at %v", upload.UploadExpired)
			}
			stream := tusgo.NewUploadStream(c, upload)
			stream.ChunkSize = tt.chunk
			if tt.checksum != "" {
				stream = stream.WithChecksumAlgorithm(tt.checksum)
			}
			data := content(tt.size)
			if n, err := stream.ReadFrom(bytes.NewReader(data)); err != nil || n != int64(tt.size) {
				t.Fatalf("%d bytes, error %v", n, err)
			}
			checkStored(t, srv, upload.Location, data)
			info, err := srv.Info(upload.Location)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(protocol.Metadata{"filename": "слон.bin"}, info.Metadata); diff != "" {
				t.Errorf("metadata (-want +got):\n%s", diff)
			}
			if got := srv.Count(http.MethodPatch); got != tt.patches {
				t.Errorf("%d PATCHes, want %d", got, tt.patches)
			}
			for _, r := range srv.Requests() {
				sum := r.Header.Get("Upload-Checksum") != "" || r.Header.Get("Trailer") != "" || r.ContentLength < 0
				if r.Method == http.MethodPatch && tt.checksum != "" && !sum {
					t.Errorf("the PATCH at %d has no checksum", r.Offset)
				}
			}
		})
	}
}

func TestTusgoWithCreation(t *testing.T) {
	t.Parallel()
	srv := testserver.New(t, testserver.Config{})
	c := newTusgo(t, srv)
	data := content(mib)
	upload := new(tusgo.Upload)
	n, _, err := c.CreateUploadWithData(upload, data, int64(len(data)), false, nil) //nolint:bodyclose // Tusgo closes it.
	if err != nil || n != int64(len(data)) {
		t.Fatalf("%d bytes, error %v", n, err)
	}
	checkStored(t, srv, upload.Location, data)
	if n := srv.Count(http.MethodPatch); n != 0 {
		t.Errorf("%d PATCHes, want none", n)
	}
}

// tusgo declares a deferred length with the first bytes.
func TestTusgoDefersLength(t *testing.T) {
	t.Parallel()
	srv := testserver.New(t, testserver.Config{})
	c := newTusgo(t, srv)
	data := content(3*mib + 1)
	upload := createTusgo(t, c, tusgo.SizeUnknown, false)
	upload.RemoteSize = int64(len(data))
	stream := tusgo.NewUploadStream(c, upload)
	stream.SetUploadSize = true
	if _, err := stream.ReadFrom(bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	checkStored(t, srv, upload.Location, data)
}

func TestTusgoConcatenates(t *testing.T) {
	t.Parallel()
	for _, early := range []bool{false, true} {
		name := "in the end"
		if early {
			name = "before the parts are sent"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := testserver.New(t, testserver.Config{ConcatUnfinished: early})
			c := newTusgo(t, srv)
			data := content(2*mib + 5)
			halves := [][]byte{data[:mib], data[mib:]}
			parts := make([]tusgo.Upload, len(halves))
			for i, half := range halves {
				parts[i] = *createTusgo(t, c, len(half), true)
			}
			send := func() {
				for i, half := range halves {
					if _, err := tusgo.NewUploadStream(c, &parts[i]).ReadFrom(bytes.NewReader(half)); err != nil {
						t.Fatal(err)
					}
				}
			}
			if !early {
				send()
			}
			final := new(tusgo.Upload)
			if _, err := c.ConcatenateUploads(final, parts, nil); err != nil { //nolint:bodyclose // Tusgo closes it.
				t.Fatal(err)
			}
			if early {
				send()
			}
			checkStored(t, srv, final.Location, data)
		})
	}
}

func TestTusgoTerminates(t *testing.T) {
	t.Parallel()
	srv := testserver.New(t, testserver.Config{})
	c := newTusgo(t, srv)
	upload := createTusgo(t, c, 10, false)
	if _, err := c.DeleteUpload(*upload); err != nil { //nolint:bodyclose // Tusgo closes it.
		t.Fatal(err)
	}
	if left, err := srv.Uploads(); err != nil || len(left) > 0 {
		t.Errorf("the server still has uploads: %s, error %v", left, err)
	}
}

// tusgo stops at the first failure. The caller then calls Sync to get the offset of
// the server, seeks to that offset, and resets the chunk that the stream keeps.
func TestTusgoResumes(t *testing.T) {
	t.Parallel()
	checked := testserver.Config{Checksum: []string{"sha1"}}
	damage := testserver.Status(460, nil, "")
	tests := []struct {
		name   string
		config testserver.Config
		fault  testserver.Action
		err    error // nil: any
	}{
		{name: "cut", fault: testserver.CutAfter(100 * kib)},
		{name: "cut, checksum", config: checked, fault: testserver.CutAfter(100 * kib)},
		{name: "reset", fault: testserver.Reset()},
		{name: "answer lost", fault: testserver.DropReply()},
		{name: "damaged", config: checked, fault: damage, err: tusgo.ErrChecksumMismatch},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := testserver.New(t, tt.config)
			srv.Inject(patch(nil), patch(tt.fault)) // the second chunk
			c := newTusgo(t, srv)
			data := content(4 * mib)
			upload := createTusgo(t, c, len(data), false)
			stream := tusgo.NewUploadStream(c, upload)
			stream.ChunkSize = mib
			if len(tt.config.Checksum) > 0 {
				stream = stream.WithChecksumAlgorithm("sha1")
			}
			if _, err := stream.ReadFrom(bytes.NewReader(data)); err == nil || tt.err != nil && !errors.Is(err, tt.err) {
				t.Fatalf("error %v", err)
			}
			if _, err := stream.Sync(); err != nil { //nolint:bodyclose // Tusgo closes it.
				t.Fatal(err)
			}
			stream.ForceClean()
			if _, err := stream.ReadFrom(bytes.NewReader(data[upload.RemoteOffset:])); err != nil {
				t.Fatal(err)
			}
			checkStored(t, srv, upload.Location, data)
		})
	}
}

// A caller who does not reset the kept chunk after Sync uploads a wrong content
// without an error. The server cannot notice this.
func TestTusgoKeepsChunk(t *testing.T) {
	t.Parallel()
	srv := testserver.New(t, testserver.Config{})
	srv.Inject(patch(testserver.CutAfter(100 * kib)))
	c := newTusgo(t, srv)
	data := content(2 * mib)
	upload := createTusgo(t, c, len(data), false)
	stream := tusgo.NewUploadStream(c, upload)
	stream.ChunkSize = mib
	src := bytes.NewReader(data)
	if _, err := stream.ReadFrom(src); err == nil {
		t.Fatal("no error")
	}
	if _, err := stream.Sync(); err != nil { //nolint:bodyclose // Tusgo closes it.
		t.Fatal(err)
	}
	if _, err := stream.ReadFrom(src); err != nil {
		t.Fatal(err)
	}
	got, err := srv.Bytes(upload.Location)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(data) || bytes.Equal(got, data) {
		t.Errorf("%d bytes, the content is correct: remove the warning from the documentation", len(got))
	}
}

// A confirmed offset inside a chunk ends the upload early, without an error.
func TestTusgoStopsEarly(t *testing.T) {
	t.Parallel()
	srv := testserver.New(t, testserver.Config{})
	srv.Inject(patch(testserver.OffsetDelta(-1000)))
	c := newTusgo(t, srv)
	data := content(4 * mib)
	upload := createTusgo(t, c, len(data), false)
	stream := tusgo.NewUploadStream(c, upload)
	stream.ChunkSize = mib
	if n, err := stream.ReadFrom(bytes.NewReader(data)); err != nil || n != mib {
		t.Errorf("%d bytes, error %v: remove the warning from the documentation", n, err)
	}
}
