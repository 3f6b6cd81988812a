package client_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// hostile is a client whose every request goes to a server that writes what it
// likes: answer gets the connection once the request has been read, and whatever
// it leaves open is closed.
func hostile(t *testing.T, answer func(w io.Writer, r *http.Request)) transport.Doer {
	t.Helper()
	var serving sync.WaitGroup
	c := nethttp.New(nethttp.Config{NoProxy: true, DialContext: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		serving.Go(func() {
			defer func() { _ = theirs.Close() }()
			r, err := http.ReadRequest(bufio.NewReader(theirs))
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			answer(theirs, r)
		})
		return ours, nil
	}})
	t.Cleanup(func() {
		c.CloseIdleConnections()
		serving.Wait()
	})
	return c
}

// repeated writes text until the reader has had enough, and says how many bytes
// that were.
func repeated(w io.Writer, text string) (n int64) {
	block := []byte(strings.Repeat(text, max(1, 8<<10/len(text))))
	for {
		m, err := w.Write(block)
		n += int64(m)
		if err != nil {
			return n
		}
	}
}

// reply is an answer with headers, given as lines, and a body.
func reply(w io.Writer, status int, body string, header ...string) {
	_, _ = fmt.Fprintf(w, "HTTP/1.1 %d x\r\nContent-Length: %d\r\nConnection: close\r\n", status, len(body))
	for _, line := range header {
		_, _ = io.WriteString(w, line+"\r\n")
	}
	_, _ = io.WriteString(w, "\r\n"+body)
}

// memory is how many bytes are allocated in all while f runs, by whomsoever: no
// less than what it keeps at any time.
func memory(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// wantBelow checks a bound on memory, and tells what was measured.
func wantBelow(t *testing.T, got, most uint64) {
	t.Helper()
	t.Logf("%d KiB allocated", got>>10)
	if got > most {
		t.Errorf("%d bytes were allocated, want no more than %d", got, most)
	}
}
