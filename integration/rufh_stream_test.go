package integration

import (
	"crypto/sha256"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// acknowledging is a server of version 8 that keeps no byte, so that the memory of the client
// can be measured in the same process. It sends a 104 with the offset every 256 KiB.
type acknowledging struct {
	requests atomic.Int64
	received atomic.Int64
	sum      [sha256.Size]byte
	silent   bool // it sends no 104 with an offset
}

func (s *acknowledging) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const v = rufh.Version(8)
	s.requests.Add(1)
	interim := func(response rufh.Response) {
		response.Version = v
		_ = response.SetHeader(v, w.Header())
		w.WriteHeader(rufh.StatusResumptionSupported)
		clear(w.Header())
	}
	interim(rufh.Response{Location: "/files/1"})
	h := sha256.New()
	buf := make([]byte, 32<<10)
	offset, told := int64(0), int64(0)
	for {
		n, err := r.Body.Read(buf)
		h.Write(buf[:n])
		offset += int64(n)
		s.received.Store(offset)
		if offset-told >= 256*kib && !s.silent {
			told = offset
			interim(rufh.Response{Offset: protocol.Known(offset)})
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
	}
	h.Sum(s.sum[:0])
	_ = rufh.Response{Complete: rufh.Complete}.SetHeader(v, w.Header())
	w.WriteHeader(http.StatusCreated)
}

// A stream that is far larger than its window is sent in one request, because the server
// acknowledges bytes while it receives them. With TUSKER_SOAK, it has 1 GiB.
func TestRUFHStream(t *testing.T) {
	size := int64(16 * mib)
	if isSoak() {
		size = 1 << 30
	}
	s := &acknowledging{}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	doer := nethttp.New(nethttp.Config{NoProxy: true})
	t.Cleanup(doer.CloseIdleConnections)
	c := newClient(t, client.Config{Endpoint: srv.URL, Doer: doer, Protocol: "rufh/8", Retry: retry.Never})
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	sum := sha256.New()
	src := client.Stream(io.TeeReader(io.LimitReader(zeros{}, size), sum), &client.StreamOptions{Window: mib})
	peak, done := uint64(0), make(chan struct{})
	go func() {
		defer close(done)
		for s.received.Load() < size {
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapInuse+now.StackInuse)
			time.Sleep(20 * time.Millisecond)
		}
	}()
	res, err := c.Upload(t.Context(), src, nil)
	if err != nil {
		t.Fatal(err)
	}
	<-done
	if n := s.requests.Load(); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
	if s.sum != [sha256.Size]byte(sum.Sum(nil)) || res.Offset != size || res.Sent != size {
		t.Errorf("another content, or offset %d, sent %d", res.Offset, res.Sent)
	}
	if grown := int64(peak) - int64(before.HeapInuse+before.StackInuse); grown > 24*mib {
		t.Errorf("peak memory of %d bytes, want less than 24 MiB", grown)
	}
	t.Logf("peak %s MiB", strconv.FormatUint(peak>>20, 10))
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
