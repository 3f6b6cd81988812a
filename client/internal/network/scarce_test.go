package network_test

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"syscall"
	"testing"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/network"
)

func TestIsScarce(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"open files":           {&os.PathError{Op: "open", Path: "x", Err: syscall.EMFILE}, true},
		"open files, system":   {&os.PathError{Op: "open", Path: "x", Err: syscall.ENFILE}, true},
		"ports":                {&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EADDRNOTAVAIL)}, true},
		"buffers":              {&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ENOBUFS)}, true},
		"no spare files":       {fmt.Errorf("open: %w", failure.ErrScarce), true},
		"an address is in use": {syscall.EADDRINUSE, false},
		"a full disk":          {syscall.ENOSPC, false},
		"refused":              {syscall.ECONNREFUSED, false},
		"no such host":         {&net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}, false},
		"no error":             {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := network.IsScarce(test.err); got != test.want {
				t.Errorf("IsScarce(%v) = %v, want %t", test.err, got, test.want)
			}
		})
	}
}

// Uploads that need a large part of the files that this process may open look for spare ones.
func TestMaySuffice(t *testing.T) {
	if network.MaySuffice(1 << 40) {
		t.Error("no process may open that many files")
	}
	if runtime.GOOS == "windows" && network.MaySuffice(1) {
		t.Error("the limit of Windows is not known")
	}
}
