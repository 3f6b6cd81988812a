package nethttp

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// wholeFile is a FileSender of a whole file.
type wholeFile struct {
	io.Reader
	f *os.File
}

func (w wholeFile) SendFile(send func(fd uintptr, off, n int64) (int64, error)) (int64, error) {
	return send(w.f.Fd(), 0, 1<<20)
}

// sendFile returns the error of the system call. A copy of the rest would
// return a broken pipe for any cause.
func TestSendFileError(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	peer, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = peer.(*net.TCPConn).SetLinger(0)
	_ = peer.Close()
	waitClosed(t, conn.(*net.TCPConn))

	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if err := f.Truncate(1 << 20); err != nil {
		t.Fatal(err)
	}
	n, err := sendFile(conn, &io.LimitedReader{R: wholeFile{f, f}, N: 1 << 20})
	var op *net.OpError
	if n != 0 || !errors.Is(err, syscall.ECONNRESET) || !errors.As(err, &op) || op.Op != "write" {
		t.Errorf("%d bytes, %v, want 0 and ECONNRESET of a write", n, err)
	}
}

// waitClosed waits until the operating system has received the reset of the
// peer.
func waitClosed(t *testing.T, conn *net.TCPConn) {
	t.Helper()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	const closed = 7 // TCP_CLOSE of the Linux kernel, in the first byte of struct tcp_info
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		var state int
		if err := raw.Control(func(fd uintptr) {
			state, err = syscall.GetsockoptInt(int(fd), syscall.SOL_TCP, syscall.TCP_INFO)
		}); err != nil {
			t.Fatal(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		if state&0xff == closed {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("no reset arrived: state %d", state&0xff)
		}
	}
}
