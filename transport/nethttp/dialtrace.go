package nethttp

import (
	"context"
	"net"
	"net/http/httptrace"
)

// withDialTrace returns a dialer that reports to an httptrace.ClientTrace what a
// net.Dialer reports, so that a caller can distinguish a request that waits for
// a free connection from one that waits for the network.
func withDialTrace(dial func(ctx context.Context, network, addr string) (net.Conn, error)) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		trace := httptrace.ContextClientTrace(ctx)
		if trace != nil && trace.ConnectStart != nil {
			trace.ConnectStart(network, addr)
		}
		conn, err := dial(ctx, network, addr)
		if trace != nil && trace.ConnectDone != nil {
			trace.ConnectDone(network, addr, err)
		}
		return conn, err
	}
}
