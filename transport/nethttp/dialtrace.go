package nethttp

import (
	"context"
	"net"
	"net/http/httptrace"
)

// traced has a dialer tell a trace what a net.Dialer tells it: whether a request
// still waits for its turn or for the network shows by nothing else.
func traced(dial func(ctx context.Context, network, addr string) (net.Conn, error)) func(ctx context.Context, network, addr string) (net.Conn, error) {
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
