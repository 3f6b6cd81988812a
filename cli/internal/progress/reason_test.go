package progress

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

func TestReason(t *testing.T) {
	t.Parallel()
	failed := func(err error) error {
		return fmt.Errorf("wrapped: %w", &client.Error{Op: protocol.OpPatch, URL: "https://h/1?secret", Err: err})
	}
	tests := map[string]struct {
		err  error
		want string
	}{
		"status":               {&client.Error{StatusCode: 503, Err: protocol.ErrLocked}, "503 from the server"},
		"reset":                {failed(&net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}), syscall.ECONNRESET.Error()},
		"no such host":         {failed(&net.DNSError{Name: "h"}), "no address for h"},
		"no socket":            {failed(&net.OpError{Op: "dial", Net: "unix", Addr: &net.UnixAddr{Name: "/run/d.sock"}, Err: os.NewSyscallError("connect", syscall.ENOENT)}), "there is no socket /run/d.sock"},
		"dead socket":          {failed(&net.OpError{Op: "dial", Net: "unix", Addr: &net.UnixAddr{Name: "/run/d.sock"}, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}), "nothing listens at the socket /run/d.sock"},
		"stalled":              {failed(client.ErrStalled), "the server went silent"},
		"end while writing":    {failed(&net.OpError{Op: "write", Err: net.ErrClosed}), "the connection was lost"},
		"end":                  {failed(io.ErrUnexpectedEOF), "the connection was lost"},
		"unknown error":        {failed(errors.New("out\nof paper")), `out\nof paper`},
		"not from an exchange": {errors.New("out of paper"), "out of paper"},
		"no error":             {nil, "something went wrong"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Reason(test.err); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
