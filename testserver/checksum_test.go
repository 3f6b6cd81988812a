package testserver_test

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

// hello is the content of the specification's example. The first of helloSums
// is the checksum of that example.
const hello = "hello world"

var helloSums = []string{
	"sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
	"sha256 uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=",
	"sha512 MJ7MSJwS1utMxA9QyQLytNDtd+5RGnx6m808qG1M2G+YndNbxf9JlnDaNCVbRbDP2DDoH2Bdz33FVC6TrpzXbw==",
	"md5 XrY7u+Ae7tCTyyK7j1rNww==",
	"crc32 DUoRhQ==",
}

// sha1Of returns Upload-Checksum for data.
func sha1Of(data []byte) string {
	sum := sha1.Sum(data)
	return "sha1 " + base64.StdEncoding.EncodeToString(sum[:])
}

// patchSum is patch with Upload-Checksum and more headers.
func patchSum(t *testing.T, s *testserver.Server, url string, offset int64, data []byte, sum string, header ...string) reply {
	t.Helper()
	header = append([]string{
		protocol.HeaderContentType, protocol.ContentType,
		protocol.HeaderUploadOffset, strconv.FormatInt(offset, 10),
		protocol.HeaderUploadChecksum, sum,
	}, header...)
	r, err := do(t.Context(), s.Client(), http.MethodPatch, url, bytes.NewReader(data), header...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// wantStatus fails the test if r has another status.
func wantStatus(t *testing.T, r reply, status int) {
	t.Helper()
	if r.status != status {
		t.Fatalf("got status %d, body %q; want %d", r.status, r.body, status)
	}
}

// Each algorithm refuses a wrong checksum with 460 and accepts the right one.
func TestChecksum(t *testing.T) {
	t.Parallel()
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			cfg := tr.config
			cfg.Checksum = testserver.ChecksumAlgorithms()
			s := testserver.New(t, cfg)
			if len(helloSums) != len(cfg.Checksum) {
				t.Fatalf("got %d algorithms, want %d", len(cfg.Checksum), len(helloSums))
			}
			for _, sum := range helloSums {
				name, _, _ := strings.Cut(sum, " ")
				url := create(t, s, len(hello))
				r := patchSum(t, s, url, 0, []byte("hello_world"), sum)
				if wantStatus(t, r, 460); r.header.Get(protocol.HeaderResumable) == "" {
					t.Errorf("%s: the answer has no Tus-Resumable", name)
				}
				stored(t, s, url, nil)
				r = patchSum(t, s, url, 0, []byte(hello), sum)
				wantStatus(t, r, http.StatusNoContent)
				if got := r.offset(t); got != int64(len(hello)) {
					t.Errorf("%s: got offset %d, want %d", name, got, len(hello))
				}
				stored(t, s, url, []byte(hello))
			}
		})
	}
}

// A refused chunk changes neither the offset nor the bytes nor a deferred
// length.
func TestChecksumRefused(t *testing.T) {
	t.Parallel()
	const kept = 5
	s := testserver.New(t, testserver.Config{Checksum: []string{"sha1", "md5"}})
	small, large := content(100), content(3<<20)
	for _, tt := range []struct {
		name   string
		data   []byte
		sum    string
		status int
	}{
		{"mismatch", small, sha1Of([]byte("x")), 460},
		{"mismatch of a chunk in a file", large, sha1Of([]byte("x")), 460},
		{"sum of the whole upload", small[kept:], sha1Of(small), 460},
		{"sum with a wrong length", small, "sha1 AAAA", 460},
		{"algorithm not announced", small, helloSums[4], 400},
		{"algorithm unknown", small, "sha3 AAAA", 400},
		{"uppercase algorithm", small, "SHA1" + strings.TrimPrefix(sha1Of(small), "sha1"), 400},
		{"missing sum", small, "sha1", 400},
		{"missing algorithm", small, "Kq5sNclPz7QV2+lfQIuc6R7oRu0=", 400},
		{"empty header", small, "", 400},
		{"invalid base64", small, "sha1 !", 400},
		{"hexadecimal", small, "sha1 2aae6c35c94fcfb415dbe95f408b9ce91ee846ed0", 400},
		{"missing padding", small, strings.TrimRight(sha1Of(small), "="), 400},
		{"two spaces", small, strings.Replace(sha1Of(small), " ", "  ", 1), 400},
		{"two sums", small, sha1Of(small) + "," + sha1Of(small), 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			url := mustDo(t, http.StatusCreated, s.Client(), http.MethodPost, s.URL(), nil,
				protocol.HeaderUploadDeferLength, "1").header.Get(protocol.HeaderLocation)
			wantStatus(t, patchSum(t, s, url, 0, small[:kept], sha1Of(small[:kept])), http.StatusNoContent)

			r := patchSum(t, s, url, kept, tt.data, tt.sum, protocol.HeaderUploadLength, strconv.Itoa(kept+len(tt.data)))
			wantStatus(t, r, tt.status)

			h := mustDo(t, http.StatusOK, s.Client(), http.MethodHead, url, nil)
			if got := h.offset(t); got != kept {
				t.Errorf("HEAD: got offset %d, want %d", got, kept)
			}
			if got := h.header.Get(protocol.HeaderUploadDeferLength); got != "1" {
				t.Errorf("HEAD: got length %s, want it deferred", h.header.Get(protocol.HeaderUploadLength))
			}
			if got := mustDo(t, http.StatusOK, s.Client(), http.MethodGet, url, nil).body; got != string(small[:kept]) {
				t.Errorf("GET: got %d bytes, want %d", len(got), kept)
			}
			stored(t, s, url, small[:kept])

			r = patchSum(t, s, url, kept, tt.data, sha1Of(tt.data), protocol.HeaderUploadLength, strconv.Itoa(kept+len(tt.data)))
			wantStatus(t, r, http.StatusNoContent)
			stored(t, s, url, append(small[:kept:kept], tt.data...))
			if n, known := mustInfo(t, s, url).Length.Int64(); !known || n != int64(kept+len(tt.data)) {
				t.Errorf("got length %d, %v; want %d", n, known, kept+len(tt.data))
			}
		})
	}
}

func mustInfo(t *testing.T, s *testserver.Server, url string) testserver.Info {
	t.Helper()
	info, err := s.Info(url)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// Two Upload-Checksum headers are refused, like one header with two checksums.
func TestChecksumRepeatedHeader(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{Checksum: []string{"sha1"}})
	url := create(t, s, len(hello))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, url, strings.NewReader(hello))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{
		protocol.HeaderResumable: {protocol.Version}, protocol.HeaderUploadOffset: {"0"},
		protocol.HeaderContentType:    {protocol.ContentType},
		protocol.HeaderUploadChecksum: {helloSums[0], helloSums[0]},
	}
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if _ = res.Body.Close(); res.StatusCode != http.StatusBadRequest {
		t.Errorf("got status %d, want 400", res.StatusCode)
	}
	stored(t, s, url, nil)
}

// Other errors of a request take precedence over its checksum.
func TestChecksumOrder(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{Checksum: []string{"sha1"}})
	url := create(t, s, len(hello))
	wantStatus(t, patchSum(t, s, url, 0, []byte(hello), "x", protocol.HeaderResumable, "2.0.0"), http.StatusPreconditionFailed)
	wantStatus(t, patchSum(t, s, s.URL()+"none", 0, []byte(hello), "x"), http.StatusNotFound)
	wantStatus(t, patchSum(t, s, url, 3, []byte(hello), sha1Of(nil)), http.StatusConflict)
	wantStatus(t, patchSum(t, s, url, 0, []byte("hello world!"), helloSums[0]), http.StatusRequestEntityTooLarge)
	stored(t, s, url, nil)
	// Without Content-Length, the bytes that fit would match the checksum.
	mustDo(t, http.StatusRequestEntityTooLarge, s.Client(), http.MethodPatch, url, io.MultiReader(strings.NewReader("hello world!")),
		protocol.HeaderContentType, protocol.ContentType, protocol.HeaderUploadOffset, "0", protocol.HeaderUploadChecksum, helloSums[0])
	stored(t, s, url, nil)
	// Upload-Checksum has no effect on requests without a chunk.
	mustDo(t, http.StatusOK, s.Client(), http.MethodHead, url, nil, protocol.HeaderUploadChecksum, "x")
	mustDo(t, http.StatusCreated, s.Client(), http.MethodPost, s.URL(), nil,
		protocol.HeaderUploadLength, "1", protocol.HeaderUploadChecksum, "x")
	mustDo(t, http.StatusNoContent, s.Client(), http.MethodPost, url, strings.NewReader(hello),
		protocol.HeaderMethodOverride, http.MethodPatch,
		protocol.HeaderContentType, protocol.ContentType, protocol.HeaderUploadOffset, "0", protocol.HeaderUploadChecksum, helloSums[0])
	stored(t, s, url, []byte(hello))
}

// Without Config.Checksum, Upload-Checksum is ignored, as in tusd.
func TestChecksumDisabled(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{ConcatUnfinished: true})
	url := create(t, s, len(hello))
	wantStatus(t, patchSum(t, s, url, 0, []byte(hello), "sha1 AAAA"), http.StatusNoContent)
	stored(t, s, url, []byte(hello))
}

// An empty chunk has a checksum too.
func TestChecksumEmptyChunk(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{Checksum: []string{"sha1"}})
	url := create(t, s, 10)
	wantStatus(t, patchSum(t, s, url, 0, nil, helloSums[0]), 460)
	wantStatus(t, patchSum(t, s, url, 0, nil, sha1Of(nil)), http.StatusNoContent)
}

// A refused creation leaves no upload.
func TestChecksumOnCreation(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{Checksum: []string{"sha1"}})
	for _, tt := range []struct {
		name, sum string
		status    int
	}{
		{"mismatch", sha1Of([]byte("x")), 460},
		{"algorithm not announced", "md5 XrY7u+Ae7tCTyyK7j1rNww==", 400},
		{"match", helloSums[0], 201},
	} {
		r := mustDo(t, tt.status, s.Client(), http.MethodPost, s.URL(), strings.NewReader(hello),
			protocol.HeaderUploadLength, "20", protocol.HeaderContentType, protocol.ContentType, protocol.HeaderUploadChecksum, tt.sum)
		urls, err := s.Uploads()
		if err != nil {
			t.Fatal(err)
		}
		if tt.status != http.StatusCreated {
			if len(urls) != 0 {
				t.Errorf("%s: got %d uploads, want none", tt.name, len(urls))
			}
			continue
		}
		if got := r.offset(t); got != int64(len(hello)) {
			t.Errorf("%s: got offset %d, want %d", tt.name, got, len(hello))
		}
		stored(t, s, urls[0], []byte(hello))
	}
}

// A chunk with a checksum whose request is cut is lost. A chunk whose answer is
// lost is stored.
func TestChecksumAndFaults(t *testing.T) {
	t.Parallel()
	const size = 2_000_000
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			cfg := tr.config
			cfg.Checksum = []string{"sha1"}
			s := testserver.New(t, cfg)
			data := content(size)
			for _, tt := range []struct {
				do   testserver.Action
				kept int
			}{
				{testserver.CutAfter(size - 1), 0},
				{testserver.DropReply(), size},
				{testserver.Chain(testserver.DropReply(), testserver.Buffer()), size},
			} {
				url := create(t, s, size)
				s.Inject(testserver.Fault{Method: http.MethodPatch, Do: tt.do})
				_, err := do(t.Context(), s.Client(), http.MethodPatch, url, bytes.NewReader(data),
					protocol.HeaderContentType, protocol.ContentType, protocol.HeaderUploadOffset, "0",
					protocol.HeaderUploadChecksum, sha1Of(data))
				wantReset(t, tr.proto, err)
				stored(t, s, url, data[:tt.kept])
				if got := head(t, s, url); got != int64(tt.kept) {
					t.Errorf("got offset %d, want %d", got, tt.kept)
				}
			}
		})
	}
}

// Concurrent chunks with right and wrong checksums do not affect each other,
// and no temporary file remains. The test changes the environment, so it is not
// parallel.
func TestChecksumConcurrent(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	s := testserver.New(t, testserver.Config{Dir: t.TempDir(), Checksum: []string{"sha1"}})
	data := content(3 << 20)
	var urls []string
	for range 8 {
		urls = append(urls, create(t, s, len(data)))
	}
	var clients sync.WaitGroup
	for _, url := range urls {
		for _, n := range []int64{0, 3} {
			clients.Go(func() {
				r, err := do(t.Context(), s.Client(), http.MethodPatch, url, bytes.NewReader(data[n:]),
					protocol.HeaderContentType, protocol.ContentType, protocol.HeaderUploadOffset, "0",
					protocol.HeaderUploadChecksum, sha1Of(data))
				// One request may interrupt the other.
				if err == nil && n > 0 && r.status == http.StatusNoContent {
					t.Error("a chunk was stored with the checksum of another chunk")
				}
			})
		}
	}
	clients.Wait()
	for _, url := range urls {
		if got, err := s.Bytes(url); err != nil || len(got) != 0 && !bytes.Equal(got, data) {
			t.Errorf("got %d bytes stored, error %v; want all or nothing", len(got), err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("got files %v, error %v; want none", left, err)
	}
}

// Without a temporary folder, a chunk that does not fit into memory gets 500.
func TestChecksumFolder(t *testing.T) {
	s := testserver.New(t, testserver.Config{Dir: t.TempDir(), Checksum: []string{"sha1"}})
	data := content(1<<20 + 1)
	url := create(t, s, len(data))
	none := t.TempDir() + "/none"
	t.Setenv("TMPDIR", none)
	t.Setenv("TMP", none)
	wantStatus(t, patchSum(t, s, url, 0, data, sha1Of(data)), http.StatusInternalServerError)
	stored(t, s, url, nil)
	// A small chunk needs no file.
	wantStatus(t, patchSum(t, s, url, 0, data[:1000], sha1Of(data[:1000])), http.StatusNoContent)
}
