package jobtest_test

import (
	"bytes"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tusker-go/tusker/client/fleet"
	"github.com/tusker-go/tusker/client/fleet/embedded"
	"github.com/tusker-go/tusker/client/fleet/embedded/internal/jobtest"
)

// lossyDialer loses the first write that contains a text, as an engine does that is killed
// after it has received a request.
type lossyDialer struct {
	text    string
	forever bool // it also loses all that follows, as a worker does that is killed
	lost    atomic.Bool
}

func (d *lossyDialer) Dial(network, address string) (net.Conn, error) {
	conn, err := net.DialTimeout(network, address, 5*time.Second) //nolint:noctx // nats.go has no context here.
	return &lossyConn{conn, d}, err
}

type lossyConn struct {
	net.Conn
	dialer *lossyDialer
}

func (c *lossyConn) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte(c.dialer.text)) && c.dialer.lost.CompareAndSwap(false, true) || c.dialer.forever && c.dialer.lost.Load() {
		return len(b), nil
	}
	return c.Conn.Write(b)
}

// A request that gets no answer is sent again long before the time of the whole call is over.
func TestRequestsWithoutAnswer(t *testing.T) {
	t.Parallel()
	e := jobtest.NewEngine(t, embedded.Config{})
	e.Open(t, "archive", fleet.Config{})
	tests := map[string]func(*testing.T, jetstream.JetStream){
		"STREAM.INFO.TUSKER_archive ": func(t *testing.T, js jetstream.JetStream) {
			t.Helper()
			if _, err := fleet.Open(t.Context(), js, "archive", fleet.Config{EngineTimeout: time.Minute}); err != nil {
				t.Error(err)
			}
		},
		"STREAM.INFO.TUSKER_archive_results ": func(t *testing.T, js jetstream.JetStream) {
			t.Helper()
			job, err := fleet.Open(t.Context(), js, "archive", fleet.Config{EngineTimeout: time.Minute})
			if err == nil {
				_, err = job.Status(t.Context())
			}
			if err != nil {
				t.Error(err)
			}
		},
	}
	for text, call := range tests {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			dialer := &lossyDialer{text: text}
			conn, err := fleet.Connect("nats://"+e.Config.Listen, nats.SetCustomDialer(dialer))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(conn.Close)
			js, err := jetstream.New(conn)
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			call(t, js)
			if !dialer.lost.Load() {
				t.Error("no request was lost")
			}
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("the call took %v", took)
			}
		})
	}
}
