//go:build !linux

package nethttp

import "net"

// limitUnsent leaves it to the system.
func limitUnsent(net.Conn) {}
