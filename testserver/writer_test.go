package testserver

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// deadlineWriter records the deadlines that are set.
type deadlineWriter struct {
	http.ResponseWriter
	read, write []time.Time
}

func (w *deadlineWriter) SetReadDeadline(t time.Time) error {
	w.read = append(w.read, t)
	return nil
}

func (w *deadlineWriter) SetWriteDeadline(t time.Time) error {
	w.write = append(w.write, t)
	return nil
}

// After the handler, deadlines are ignored over HTTP/2 only.
func TestDeadlineAfterHandler(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		http2 bool
		want  error
		set   int
	}{
		{"HTTP/1.1", false, nil, 1},
		{"HTTP/2", true, net.ErrClosed, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			under := &deadlineWriter{ResponseWriter: httptest.NewRecorder()}
			w := &statusWriter{ResponseWriter: under, exchange: new(exchange), http2: tt.http2}
			w.end()
			later := time.Now().Add(time.Hour)
			if err := w.SetReadDeadline(later); !errors.Is(err, tt.want) {
				t.Errorf("read: got %v, want %v", err, tt.want)
			}
			if err := w.SetWriteDeadline(later); !errors.Is(err, tt.want) {
				t.Errorf("write: got %v, want %v", err, tt.want)
			}
			if len(under.read) != tt.set || len(under.write) != tt.set {
				t.Errorf("got %d and %d deadlines set, want %d", len(under.read), len(under.write), tt.set)
			}
		})
	}
}

// An expired read deadline is not replaced.
func TestExpiredReadDeadlineIsKept(t *testing.T) {
	t.Parallel()
	under := &deadlineWriter{ResponseWriter: httptest.NewRecorder()}
	w := &statusWriter{ResponseWriter: under, exchange: new(exchange)}
	now := time.Now()
	for _, at := range []time.Time{{}, now.Add(time.Hour), now, now.Add(2 * time.Hour), {}} {
		if err := w.SetReadDeadline(at); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(under.read); n != 3 || !under.read[2].Equal(now) {
		t.Errorf("got deadlines %v, want the third to be the last", under.read)
	}
}
