//go:build linux

package chaos

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync"
)

// Unfence is a proxy between workers and their engine that takes the fence away: it renames
// the header that makes the engine refuse the record of an item that has one already. A fleet
// behind it has no protection but its leases, so late workers finish files twice.
type Unfence struct {
	Address string

	listener net.Listener
	engine   string
	mu       sync.Mutex
	conns    map[net.Conn]bool
}

// The header, and a name of the same length that means nothing to the engine.
var (
	fenceHeader = []byte("Nats-Expected-Last-Subject-Sequence:")
	otherHeader = []byte("Test-Expected-Last-Subject-Sequence:")
)

// StartUnfence starts a proxy for the engine at an address. Call Close.
func StartUnfence(engine string) (*Unfence, error) {
	address, err := FreeAddress()
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", address) //nolint:noctx // Close ends it.
	if err != nil {
		return nil, err
	}
	u := &Unfence{Address: address, listener: l, engine: engine, conns: make(map[net.Conn]bool)}
	go u.serve()
	return u, nil
}

// Close ends the proxy and its connections.
func (u *Unfence) Close() {
	_ = u.listener.Close()
	u.mu.Lock()
	defer u.mu.Unlock()
	for conn := range u.conns {
		_ = conn.Close()
	}
}

func (u *Unfence) serve() {
	for {
		conn, err := u.listener.Accept()
		if err != nil {
			return
		}
		go u.connect(conn)
	}
}

// connect passes bytes in both directions until one side ends.
func (u *Unfence) connect(client net.Conn) {
	defer u.forget(client)
	u.mu.Lock()
	u.conns[client] = true
	u.mu.Unlock()
	var d net.Dialer
	engine, err := d.DialContext(context.Background(), "tcp", u.engine)
	if err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(client, engine)
		u.forget(client)
	}()
	_ = replaceAll(engine, client, fenceHeader, otherHeader)
	_ = engine.Close()
}

func (u *Unfence) forget(conn net.Conn) {
	_ = conn.Close()
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.conns, conn)
}

// replaceAll copies bytes and replaces each occurrence of from by to, which has the same
// length. It holds bytes back only while they may be the beginning of from.
func replaceAll(w io.Writer, r io.Reader, from, to []byte) error {
	buf := make([]byte, 64<<10)
	held := 0 // bytes at the beginning of buf
	for {
		n, err := r.Read(buf[held:])
		got := buf[:held+n]
		copy(got, bytes.ReplaceAll(got, from, to))
		held = 0
		if err == nil {
			held = prefixAtEnd(got, from)
		}
		if _, werr := w.Write(got[:len(got)-held]); werr != nil {
			return werr
		}
		copy(buf, got[len(got)-held:])
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// prefixAtEnd returns how many bytes at the end of b are the beginning of a longer text.
func prefixAtEnd(b, text []byte) int {
	for n := min(len(b), len(text)-1); n > 0; n-- {
		if bytes.HasSuffix(b, text[:n]) {
			return n
		}
	}
	return 0
}
