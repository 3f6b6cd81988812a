package transporttest

import (
	"io"
	"net/http"
	"runtime"
	"testing"
)

// bodyStreamed checks that the first bytes arrive before the last bytes are
// written.
func bodyStreamed(d subject) {
	t := d.t
	for _, c := range []struct {
		name   string
		length int64
	}{
		{"known length", 10},
		{"unknown length", -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			first := make(chan struct{})
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if _, err := io.ReadFull(r.Body, make([]byte, 5)); err == nil {
					close(first)
				}
				rest, _ := io.ReadAll(r.Body)
				if string(rest) != "world" {
					w.WriteHeader(http.StatusBadRequest)
				}
			})
			ctx := d.boundedContext(t)
			body, writer := io.Pipe()
			req := request(ctx, t, http.MethodPatch, s.URL, body)
			req.ContentLength = c.length
			early := make(chan bool, 1)
			go func() {
				_, _ = writer.Write([]byte("hello"))
				select {
				case <-first:
					early <- true
				case <-ctx.Done():
					early <- false
				}
				_, _ = writer.Write([]byte("world"))
				_ = writer.Close()
			}()
			resp, err := d.Do(req)
			if !<-early {
				t.Fatal("no byte arrives before the last is written, so the body is buffered")
			}
			if err != nil {
				t.Fatal(err)
			}
			drain(t, resp)
			if resp.StatusCode != http.StatusOK {
				t.Error("the rest of the body has not arrived")
			}
		})
	}
}

const (
	large = 64 << 20
	// allowance is less than a fifth of the body, and much more than buffers
	// need.
	allowance = 12 << 20
)

// largeBody checks that sending 64 MiB allocates much less memory.
func largeBody(d subject) {
	t := d.t
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		if n != large {
			w.WriteHeader(http.StatusBadRequest)
		}
	})
	// TotalAlloc does not depend on the garbage collector. It includes other
	// goroutines, so the measurement is repeated.
	var grown uint64
	for range 3 {
		req := request(t.Context(), t, http.MethodPatch, s.URL, io.LimitReader(zeros{}, large))
		req.ContentLength = large
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got := send(t, d, req)
		runtime.ReadMemStats(&after)
		if got.status != http.StatusOK {
			t.Fatal("only some of the body arrived")
		}
		grown = after.TotalAlloc - before.TotalAlloc
		if grown <= allowance {
			return
		}
		if grown >= large {
			break // other goroutines do not allocate that much
		}
	}
	t.Errorf("sending %d MiB allocated %d MiB, want at most %d", large>>20, grown>>20, allowance>>20)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
