//go:build !linux

package nethttp

import "net"

// limitUnsent does nothing, because the system has no such option.
func limitUnsent(net.Conn) {}
