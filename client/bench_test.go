package client_test

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// void is a server without a network. It reads bodies as net/http does, keeps nothing, and
// allocates little more than the answers, so that a benchmark measures only the client.
type void struct{}

func (void) Do(req *http.Request) (*http.Response, error) {
	h := make(http.Header, 4)
	protocol.SetVersion(h)
	resp := &http.Response{StatusCode: http.StatusNoContent, ProtoMajor: 1, ProtoMinor: 1, Header: h, Body: http.NoBody, Request: req}
	var n int64
	if req.Body != nil {
		buf := buffers.Get().(*[32 << 10]byte)
		defer buffers.Put(buf)
		var err error
		if n, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{req.Body}, buf[:]); err != nil {
			return nil, err
		}
		_ = req.Body.Close()
	}
	offset := func(start int64) { h.Set(protocol.HeaderUploadOffset, strconv.FormatInt(start+n, 10)) }
	switch req.Method {
	case http.MethodOptions:
		err := protocol.Capabilities{
			Versions:   []string{protocol.Version},
			Extensions: []protocol.Extension{protocol.ExtensionCreation, protocol.ExtensionCreationWithUpload, protocol.ExtensionConcatenation},
		}.SetHeader(h)
		return resp, err
	case http.MethodPost:
		resp.StatusCode = http.StatusCreated
		h.Set(protocol.HeaderLocation, "/files/1")
		if n > 0 {
			offset(0)
		}
	case http.MethodPatch:
		start, err := protocol.ParseOffset(req.Header.Get(protocol.HeaderUploadOffset))
		if err != nil {
			return nil, err
		}
		offset(start)
	case http.MethodHead:
		resp.StatusCode = http.StatusOK
		offset(0)
		h.Set(protocol.HeaderUploadLength, "100")
	}
	return resp, nil
}

var buffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// hollow is an io.ReaderAt of zeros.
type hollow struct{}

func (hollow) ReadAt(p []byte, _ int64) (int, error) {
	clear(p)
	return len(p), nil
}

func voidClient(b *testing.B, cfg client.Config) *client.Client {
	b.Helper()
	cfg.Endpoint, cfg.Doer = "http://tus.example/files/", void{}
	c, err := client.New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func zeros(b *testing.B, n int64) client.Source {
	b.Helper()
	src, err := client.ReaderAt(hollow{}, n)
	if err != nil {
		b.Fatal(err)
	}
	return src
}

// BenchmarkUpload measures a whole upload: POST and PATCH.
func BenchmarkUpload(b *testing.B) {
	metadata := protocol.Metadata{"filename": "world_domination_plan.pdf", "filetype": "application/pdf"}
	events := func(client.Event) {}
	benchmarks := []struct {
		name string
		size int64
		opts client.UploadOptions
	}{
		{"nothing", 0, client.UploadOptions{}},
		{"4 KiB", 4 << 10, client.UploadOptions{Metadata: metadata}},
		{"64 MiB", 64 << 20, client.UploadOptions{Metadata: metadata}},
		{"64 MiB with events", 64 << 20, client.UploadOptions{Metadata: metadata, OnEvent: events}},
		{"64 MiB in chunks of 1 MiB", 64 << 20, client.UploadOptions{Metadata: metadata, ChunkSize: 1 << 20}},
		{"64 MiB in 4 parts", 64 << 20, client.UploadOptions{Metadata: metadata, Parallel: 4}},
	}
	for _, bb := range benchmarks {
		b.Run(bb.name, func(b *testing.B) {
			c := voidClient(b, client.Config{})
			src := zeros(b, bb.size)
			b.SetBytes(bb.size)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Upload(b.Context(), src, &bb.opts); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkUploadStream measures the upload of a stream, which keeps a window in memory.
func BenchmarkUploadStream(b *testing.B) {
	const size = 64 << 20
	c := voidClient(b, client.Config{})
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		src := client.Stream(io.NewSectionReader(hollow{}, 0, size), &client.StreamOptions{Length: protocol.Known(size)})
		if _, err := c.Upload(b.Context(), src, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkUploadAll measures the cost of each of many small files.
func BenchmarkUploadAll(b *testing.B) {
	const files = 100
	for _, concurrency := range []int{1, 16} {
		b.Run(fmt.Sprintf("%d files of 4 KiB, %d at once", files, concurrency), func(b *testing.B) {
			c := voidClient(b, client.Config{Concurrency: concurrency})
			items := make([]client.Item, files)
			for i := range items {
				items[i].Source = zeros(b, 4<<10)
			}
			b.SetBytes(files * 4 << 10)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.UploadAll(b.Context(), items); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkHead measures one exchange without a body.
func BenchmarkHead(b *testing.B) {
	c := voidClient(b, client.Config{})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Head(b.Context(), "http://tus.example/files/1", nil); err != nil {
			b.Fatal(err)
		}
	}
}
