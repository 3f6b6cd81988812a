package progress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/source/httpsource"
	"github.com/tusker-go/tusker/protocol"
)

// Reason returns a short reason for a retry.
func Reason(err error) string {
	if errors.Is(err, client.ErrOtherServer) {
		return "a page of another server, such as the login of a Wi-Fi"
	}
	exchange, ok := errors.AsType[*client.Error](err)
	if ok && errors.Is(err, protocol.ErrInsufficientStorage) {
		return fmt.Sprintf("the server has no space left (%d)", exchange.StatusCode)
	}
	if ok && exchange.StatusCode != 0 {
		return fmt.Sprintf("%d from the server", exchange.StatusCode)
	}
	if object, ok := errors.AsType[*httpsource.RequestError](err); ok && object.StatusCode/100 > 2 {
		return fmt.Sprintf("%d from the server of the file", object.StatusCode)
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" && op.Net == "unix" && op.Addr != nil {
		return noSocket(op)
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return "no address for " + output.OneLine(dns.Name)
	}
	switch {
	case errors.Is(err, client.ErrStalled), errors.Is(err, context.DeadlineExceeded):
		return "the server went silent"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return "the connection was lost"
	case err == nil:
		return "something went wrong"
	}
	if ok && exchange.Err != nil {
		err = exchange.Err
	}
	return output.OneLine(output.ErrorText(err))
}

// noSocket describes a unix socket to which no connection could be opened. The text of the
// system alone would read as if the file to be sent were missing.
func noSocket(op *net.OpError) string {
	path := output.OneLine(op.Addr.String())
	switch {
	case errors.Is(op.Err, syscall.ENOENT):
		return "there is no socket " + path
	case errors.Is(op.Err, syscall.ECONNREFUSED):
		return "nothing listens at the socket " + path
	}
	if errno, ok := errors.AsType[syscall.Errno](op.Err); ok {
		return "socket " + path + ": " + errno.Error()
	}
	return "socket " + path + " cannot be reached"
}
