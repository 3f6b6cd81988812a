package advice_test

import (
	"errors"
	"net"
	"syscall"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/client"
)

func TestUnreached(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	tests := map[string]struct {
		err  error
		want string // "": no hint
	}{
		"unknown host":        {&client.Error{Err: &net.DNSError{IsNotFound: true}}, "the name of the host"},
		"resolver out of use": {&client.Error{Err: &net.DNSError{IsTemporary: true}}, ""},
		"refused":             {&client.Error{Err: refused}, "the host and the port"},
		"unix socket":         {&client.Error{Err: &net.OpError{Op: "dial", Net: "unix", Err: syscall.ECONNREFUSED}}, ""},
		"reset":               {&client.Error{Err: &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}}, ""},
		"answered":            {&client.Error{StatusCode: 502, Err: refused}, ""},
		"no exchange":         {errors.New("source"), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { check(t, advice.Unreached(test.err), test.want, "") })
	}
}
