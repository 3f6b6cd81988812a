package main

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tusker-go/tusker/integration/bench/internal/control"
)

const (
	piece = 64 << 10 // bytes of one parcel

	// The windows are the largest number of parcels under way in one direction.
	// Without a rate limit, the window allows 1.2 GiB/s at 50 ms. With a limit, it
	// is slightly larger than the capacity of the link.
	fastWindow = 1024
	slowWindow = 16
)

// link describes the network that a relay simulates.
type link struct {
	delay time.Duration // in one direction
	rate  int64         // bytes per second to the server, per connection; 0: no limit
	cut   int64         // bytes to the server after which the connection is reset; 0: never
}

// relay forwards connections to a server.
type relay struct {
	to   string
	link link

	connections, received atomic.Int64
	pause                 pause
}

func startRelay(to string, link link) (control.Ready, counter, func(), error) {
	if to == "" {
		return control.Ready{}, nil, nil, errors.New("relay needs -to")
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return control.Ready{}, nil, nil, err
	}
	r := &relay{to: to, link: link}
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.accept(l)
	}()
	return control.Ready{Address: l.Addr().String()}, r, func() { _ = l.Close(); <-done }, nil
}

func (r *relay) reset() error {
	r.connections.Store(0)
	r.received.Store(0)
	r.pause.reset()
	return nil
}

func (r *relay) stats() (control.Stats, error) {
	stats := control.Stats{Connections: int(r.connections.Load()), Received: r.received.Load()}
	stats.Cuts, stats.Waited = r.pause.told()
	return stats, nil
}

func (r *relay) accept(l net.Listener) {
	var conns sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	defer conns.Wait()
	defer cancel()
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		r.connections.Add(1)
		conns.Go(func() { r.serve(ctx, c.(*net.TCPConn)) })
	}
}

func (r *relay) serve(ctx context.Context, client *net.TCPConn) {
	defer func() { _ = client.Close() }()
	// A handshake over the link takes a round trip. The kernel has already finished
	// its handshake, so the relay waits here.
	time.Sleep(2 * r.link.delay)
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", r.to)
	if err != nil {
		return
	}
	server := c.(*net.TCPConn)
	defer func() { _ = server.Close() }()
	defer context.AfterFunc(ctx, func() { _ = client.Close(); _ = server.Close() })()
	if r.link.rate > 0 {
		// Bytes in the buffers of the kernel have not passed the link yet.
		_ = client.SetReadBuffer(4 * piece)
	}
	var both sync.WaitGroup
	both.Go(func() {
		up := flow{link: r.link, came: func(n int) { r.received.Add(int64(n)); r.pause.came(n) }}
		if errors.Is(up.pass(server, client), errCut) {
			r.pause.begin()
			// The connection to the client is closed first. Otherwise the client
			// would see the end of the connection to the server as an orderly end.
			_ = client.SetLinger(0)
			_ = client.Close()
			_ = server.Close()
		}
	})
	both.Go(func() {
		down := flow{link: link{delay: r.link.delay}, came: func(int) {}}
		_ = down.pass(client, server)
	})
	both.Wait()
}

var errCut = errors.New("cut")

// flow is one direction of a connection.
type flow struct {
	link
	came func(n int) // called with the number of bytes that arrived
}

type parcel struct {
	bytes []byte
	due   time.Time
}

var parcels = sync.Pool{New: func() any { return new([piece]byte) }}

// pass copies until src ends, and then ends dst. The error is errCut if the
// connection has to be reset. All bytes before the cut were passed on.
func (f flow) pass(dst, src *net.TCPConn) error {
	window := fastWindow
	if f.rate > 0 {
		window = slowWindow
	}
	queue := make(chan parcel, window)
	var sender sync.WaitGroup
	sender.Go(func() { f.send(dst, src, queue) })
	err := f.receive(src, queue)
	close(queue)
	sender.Wait()
	if !errors.Is(err, errCut) {
		_ = dst.CloseWrite()
	}
	return err
}

func (f flow) receive(src io.Reader, queue chan<- parcel) error {
	var total int64
	for {
		buf := parcels.Get().(*[piece]byte)
		most := int64(piece)
		if f.cut > 0 {
			most = min(most, f.cut-total)
		}
		n, err := src.Read(buf[:most])
		if n > 0 {
			total += int64(n)
			f.came(n)
			queue <- parcel{buf[:n], time.Now().Add(f.delay)}
		}
		if err != nil {
			return err
		}
		if f.cut > 0 && total == f.cut {
			return errCut
		}
	}
}

// send empties the queue until it is closed, even if dst accepts no more bytes.
func (f flow) send(dst, src *net.TCPConn, queue <-chan parcel) {
	var free time.Time // time at which the link accepts the next byte
	broken := false
	for p := range queue {
		if !broken {
			time.Sleep(time.Until(p.due))
			if f.rate > 0 {
				// A short delay is compensated, so that late timers do not lower
				// the rate.
				if earliest := time.Now().Add(-10 * time.Millisecond); free.Before(earliest) {
					free = earliest
				}
				free = free.Add(time.Duration(int64(len(p.bytes)) * int64(time.Second) / f.rate))
				time.Sleep(time.Until(free))
			}
			if _, err := dst.Write(p.bytes); err != nil {
				broken = true
				_ = src.Close()
			}
		}
		parcels.Put((*[piece]byte)(p.bytes[:piece]))
	}
}
