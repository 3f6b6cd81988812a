package clienttest

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

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// Exchanges calls the client once for each method that a server can answer.
var Exchanges = map[string]func(ctx context.Context, c *client.Client) error{
	"OPTIONS": func(ctx context.Context, c *client.Client) error { _, err := c.Options(ctx, nil); return err },
	"HEAD": func(ctx context.Context, c *client.Client) error {
		_, err := c.Head(ctx, c.Endpoint()+"1", nil)
		return err
	},
	"GET": func(ctx context.Context, c *client.Client) error {
		_, err := c.Download(ctx, c.Endpoint()+"1", func(client.Content) (io.Writer, int64, error) { return io.Discard, 0, nil }, nil)
		return err
	},
	// Resume is not used, because it begins with a HEAD and would not reach the PATCH.
	"PATCH": func(ctx context.Context, c *client.Client) error {
		_, err := c.Patch(ctx, c.Endpoint()+"1", protocol.Patch{}, strings.NewReader("hello"), 5, nil)
		return err
	},
	"POST": func(ctx context.Context, c *client.Client) error {
		src, err := client.ReaderAt(strings.NewReader("hello"), 5)
		if err == nil {
			_, err = c.Upload(ctx, src, nil)
		}
		return err
	},
}

// HostileDoer sends all requests to a server that does not have to obey HTTP: answer gets
// the connection when the request has been read completely. The connection is closed when
// answer returns.
func HostileDoer(t *testing.T, answer func(w io.Writer, r *http.Request)) transport.Doer {
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

// WriteRepeatedly writes text again and again until the connection is closed, and returns
// the number of bytes.
func WriteRepeatedly(w io.Writer, text string) (n int64) {
	block := []byte(strings.Repeat(text, max(1, 8<<10/len(text))))
	for {
		m, err := w.Write(block)
		n += int64(m)
		if err != nil {
			return n
		}
	}
}

// WriteResponse writes an HTTP response. header contains lines such as "Location: /1".
func WriteResponse(w io.Writer, status int, body string, header ...string) {
	_, _ = fmt.Fprintf(w, "HTTP/1.1 %d x\r\nContent-Length: %d\r\nConnection: close\r\n", status, len(body))
	for _, line := range header {
		_, _ = io.WriteString(w, line+"\r\n")
	}
	_, _ = io.WriteString(w, "\r\n"+body)
}

// AllocatedBytes returns the number of bytes that the whole process allocates while f
// runs. f never holds more memory than this.
func AllocatedBytes(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// WantBelow checks that got is at most most, and logs got. Both are bytes.
func WantBelow(t *testing.T, got, most uint64) {
	t.Helper()
	t.Logf("%d KiB allocated", got>>10)
	if got > most {
		t.Errorf("%d bytes were allocated, want no more than %d", got, most)
	}
}

// NewHostileClient returns a client without retries whose server is that of [HostileDoer].
func NewHostileClient(t *testing.T, answer func(w io.Writer, r *http.Request)) *client.Client {
	t.Helper()
	c, err := client.New(client.Config{Endpoint: "http://tus.example/files/", Doer: HostileDoer(t, answer), Retry: retry.Never})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
