package wire

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
)

// answering starts a server that sends n interim responses, numbered from 1, and then 204.
func answering(t *testing.T, n int) (conn *Conn, url string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := range n {
			w.Header().Set("X-Number", strconv.Itoa(i+1))
			w.WriteHeader(104)
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(s.Close)
	return &Conn{Doer: s.Client(), Header: http.Header{}, Log: slog.New(slog.DiscardHandler)}, s.URL
}

func asking(url string) Request {
	return Request{
		Op: protocol.OpPatch, Method: http.MethodPatch, URL: url,
		Success: func(op protocol.Op, status int, _ http.Header) error { return protocol.StatusError(op, status) },
	}
}

// All interim responses are read in their order, and everything is learned before Do returns.
func TestInterim(t *testing.T) {
	conn, url := answering(t, 300)
	x := asking(url)
	last, learned := 0, 0
	x.Interim = func(r Interim) News {
		n, _ := strconv.Atoi(r.Header.Get("X-Number"))
		if r.StatusCode != 104 || n != last+1 {
			t.Errorf("status %d, number %d after %d, want 104 and %v", r.StatusCode, n, last, last+1)
		}
		last = n
		return Fact
	}
	x.Learned = func() error { learned++; return nil }
	if _, err := conn.Do(t.Context(), x, Call{}); err != nil {
		t.Fatal(err)
	}
	if last != 300 || learned == 0 || learned > 300 {
		t.Errorf("%d responses, %d calls of Learned, want 300, not 0 and at most 300", last, learned)
	}
}

// An exchange ends if too many interim responses in a row say nothing, or if Learned fails.
func TestInterimEnds(t *testing.T) {
	failed := errors.New("cannot be recorded")
	for name, test := range map[string]struct {
		count int
		news  News
		err   error // of Learned
		want  error
	}{
		"no news":        {count: maxInterim, news: NoNews},
		"too many":       {count: maxInterim + 1, news: NoNews, want: failure.ErrInterim},
		"a flood":        {count: 100_000, news: NoNews, want: failure.ErrInterim},
		"many with news": {count: 3 * maxInterim, news: Growth},
		"cannot learn":   {count: 1, news: Fact, err: failed, want: failed},
	} {
		t.Run(name, func(t *testing.T) {
			conn, url := answering(t, test.count)
			x := asking(url)
			x.Interim = func(Interim) News { return test.news }
			x.Learned = func() error { return test.err }
			_, err := conn.Do(t.Context(), x, Call{})
			if !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
		})
	}
}

// An interim response that comes after the exchange has ended is ignored.
func TestInterimAfterTheEnd(t *testing.T) {
	read := 0
	i := readInterims(Request{
		Interim: func(Interim) News { read++; return Fact }, Learned: func() error { return nil },
	}, new(transport.Hops), nil, nil)
	for range 2 {
		if err := i.finish(); err != nil {
			t.Error(err)
		}
	}
	if err := i.add(104, textproto.MIMEHeader{}); err != nil || read != 0 {
		t.Errorf("error %v, %d responses read, want no error and 0", err, read)
	}
}

// Only a higher offset is a sign of life, and none while the request waits for its source.
func TestInterimSignOfLife(t *testing.T) {
	for name, test := range map[string]struct {
		news   News
		paused bool
		alive  bool
	}{
		"growth":              {news: Growth, alive: true},
		"fact":                {news: Fact},
		"nothing":             {news: NoNews},
		"growth, slow source": {news: Growth, paused: true, alive: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, dog := watch(t.Context(), 10*time.Second, time.Minute)
				defer dog.stop()
				i := readInterims(Request{
					Interim: func(Interim) News { return test.news }, Learned: func() error { return nil },
				}, new(transport.Hops), dog, dog.cancel)
				defer func() { _ = i.finish() }()
				time.Sleep(9 * time.Second)
				if test.paused {
					dog.pause()
				}
				_ = i.add(104, nil)
				time.Sleep(9 * time.Second)
				if alive := ctx.Err() == nil; alive != test.alive {
					t.Errorf("alive: %t, want %t", alive, test.alive)
				}
				if !test.paused {
					return
				}
				time.Sleep(time.Hour)
				if ctx.Err() != nil {
					t.Error("ended while the source was slow")
				}
			})
		})
	}
}
