package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/integration/bench/internal/control"
)

func trusting(t *testing.T, pem string) *http.Transport {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(pem)) {
		t.Fatal("no certificate")
	}
	return &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
}

// sink accepts one connection, counts its bytes, and answers with one byte at its
// end.
func sink(t *testing.T) (address string, got <-chan int64) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	out := make(chan int64, 1)
	go func() {
		defer close(out)
		c, err := l.Accept()
		if err != nil {
			return
		}
		n, _ := io.Copy(io.Discard, c)
		_, _ = c.Write([]byte{1})
		_ = c.Close()
		out <- n
	}()
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String(), out
}

// through sends n bytes over a link, closes its side, and waits for the answer.
func through(t *testing.T, link link, n int) (stats control.Stats, arrived int64, took time.Duration, err error) {
	t.Helper()
	address, got := sink(t)
	ready, relay, stop, err := startRelay(address, link)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	began := time.Now()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", ready.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_, err = c.Write(make([]byte, n))
	if err == nil {
		_ = c.(*net.TCPConn).CloseWrite()
		_, err = io.ReadFull(c, make([]byte, 1))
	}
	took = time.Since(began)
	arrived = <-got
	stats, statsErr := relay.stats()
	return stats, arrived, took, errors.Join(err, statsErr)
}

func TestRelay(t *testing.T) {
	t.Parallel()
	stats, arrived, _, err := through(t, link{}, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(control.Stats{Connections: 1, Received: 1_000_000}, stats); diff != "" || arrived != 1_000_000 {
		t.Errorf("%d bytes arrived; stats (-want +got):\n%s", arrived, diff)
	}
}

// A handshake takes a round trip, and a request with its answer takes another one.
func TestRelayDelay(t *testing.T) {
	t.Parallel()
	_, _, took, err := through(t, link{delay: 10 * time.Millisecond}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if took < 40*time.Millisecond {
		t.Errorf("took %v, want two round trips of 20 ms", took)
	}
}

func TestRelayRate(t *testing.T) {
	t.Parallel()
	_, _, took, err := through(t, link{rate: 10_000_000}, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	// The first 10 ms are free.
	if took < 85*time.Millisecond {
		t.Errorf("took %v, want 1 MB at 10 MB/s", took)
	}
}

// All bytes before a cut arrive, and none after it.
func TestRelayReset(t *testing.T) {
	t.Parallel()
	stats, arrived, _, err := through(t, link{cut: 100_000}, 1_000_000)
	if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
		t.Errorf("error %v, want a reset", err)
	}
	if arrived != 100_000 || stats.Cuts != 1 || stats.Received != 100_000 {
		t.Errorf("%d bytes arrived, %d passed and %d cuts, want 100000 and one", arrived, stats.Received, stats.Cuts)
	}
}

func TestPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p pause
		p.came(1 << 20)
		p.begin()
		time.Sleep(30 * time.Millisecond)
		p.came(500) // a HEAD
		time.Sleep(20 * time.Millisecond)
		p.came(flowing)
		time.Sleep(time.Second)
		p.came(flowing)
		if cuts, waited := p.told(); cuts != 1 || waited != 50*time.Millisecond {
			t.Errorf("%d cuts and a wait of %v, want 1 and 50ms", cuts, waited)
		}
		p.reset()
		if cuts, waited := p.told(); cuts != 0 || waited != 0 {
			t.Errorf("%d cuts and a wait of %v after a reset, want none", cuts, waited)
		}
	})
}
