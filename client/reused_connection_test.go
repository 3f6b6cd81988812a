package client_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

type connectionKey struct{}

// connection is one connection of a server that closes a connection on its second request.
type connection struct {
	conn net.Conn
	used atomic.Bool
}

// end closes the connection with a FIN or an RST, without an answer.
func (c *connection) end(reset bool) {
	raw := c.conn
	if secure, ok := raw.(*tls.Conn); ok {
		raw = secure.NetConn()
	}
	if tcp, ok := raw.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = raw.Close()
	panic(http.ErrAbortHandler)
}

// impatient starts a server that reads some bytes of the second request on a connection, and
// then ends the connection. It counts the connections that it ended.
func impatient(t *testing.T, next http.Handler, secure, reset bool, read int64) (server *httptest.Server, ended *atomic.Int64) {
	t.Helper()
	ended = new(atomic.Int64)
	server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _ := r.Context().Value(connectionKey{}).(*connection)
		if !c.used.Swap(true) {
			next.ServeHTTP(w, r)
			return
		}
		ended.Add(1)
		_, _ = io.CopyN(io.Discard, r.Body, read)
		c.end(reset)
	}))
	server.Config.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		return context.WithValue(ctx, connectionKey{}, &connection{conn: conn})
	}
	server.Config.ErrorLog = nil
	if secure {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return server, ended
}

// once allows one retry after a long wait, so that a failure that is counted does not end
// in time.
var once = retry.Backoff{MaxAttempts: 2, Initial: time.Hour, Max: time.Hour, Jitter: -1, Resume: -1}

// A load balancer may close a connection while the next request is on its way. The request
// is repeated at once over a new connection, and the requests that follow have new
// connections, too.
func TestReusedConnectionDies(t *testing.T) {
	data := clienttest.Noise(3 << 20)
	for name, test := range map[string]struct {
		secure, reset bool
		read          int64 // bytes of a body that the server reads before
		plain         bool  // a http.Client that knows no mark for new connections
	}{
		"RST":                             {reset: true},
		"FIN":                             {},
		"RST, TLS":                        {secure: true, reset: true},
		"FIN, TLS":                        {secure: true},
		"RST in the body":                 {reset: true, read: 1 << 20},
		"FIN in the body":                 {read: 1 << 20},
		"FIN in the body, TLS":            {secure: true, read: 1 << 20},
		"RST, another HTTP client":        {reset: true, plain: true},
		"FIN in the body, another client": {read: 1 << 20, plain: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tus := fake.Handler(fake.Config{Content: true})
			server, ended := impatient(t, tus, test.secure, test.reset, test.read)
			var doer transport.Doer = nethttp.New(nethttp.Config{NoProxy: true, InsecureSkipVerify: true})
			if test.plain {
				doer = server.Client()
			}
			c, err := client.New(client.Config{Endpoint: server.URL + "/files/", Doer: doer, Retry: once})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(c.CloseIdleConnections)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			res, err := c.Upload(ctx, clienttest.TextSource(t, data), &client.UploadOptions{ChunkSize: 2 << 20})
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(tus.Bytes(res.URL), []byte(data)) {
				t.Error("the bytes on the server differ")
			}
			if n := ended.Load(); n != 1 {
				t.Errorf("%d requests were sent over a closed connection, want 1", n)
			}
		})
	}
}

// Creations, questions, downloads and deletions meet such a connection, too.
func TestReusedConnectionDiesForOtherRequests(t *testing.T) {
	for name, request := range map[string]func(ctx context.Context, c *client.Client, url string) error{
		"creation": func(ctx context.Context, c *client.Client, _ string) error {
			_, err := c.Upload(ctx, client.Bytes([]byte("b")), nil)
			return err
		},
		"question": func(ctx context.Context, c *client.Client, url string) error {
			_, err := c.Metadata(ctx, url, nil)
			return err
		},
		"download": func(ctx context.Context, c *client.Client, url string) error {
			_, err := c.Download(ctx, url, func(client.Content) (io.Writer, int64, error) { return io.Discard, 0, nil }, nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tus := fake.Handler(fake.Config{Content: true})
			server, _ := impatient(t, tus, false, true, 0)
			c, err := client.New(client.Config{Endpoint: server.URL + "/files/", Retry: once})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(c.CloseIdleConnections)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			url := server.URL + tus.Put("hello", protocol.Known(5), nil)[len("http://tus.example"):]
			// The connection of this request is used again.
			if _, err := c.Options(ctx, nil); err != nil {
				t.Fatal(err)
			}
			if err := request(ctx, c, url); err != nil {
				t.Error(err)
			}
		})
	}
}
