//go:build !linux

package nethttp

import (
	"io"
	"net"
)

// sendFile leaves all to be copied.
func sendFile(net.Conn, io.Reader) (int64, error) { return 0, nil }
