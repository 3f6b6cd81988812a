package testserver

import (
	"net"
	"net/http"
	"testing"
)

// A connection that is accepted while the server closes is closed too.
// Otherwise, Close would wait for it.
func TestConnDuringClose(t *testing.T) {
	t.Parallel()
	s := New(t, Config{})
	s.Close()
	client, server := net.Pipe()
	defer func() { _ = client.Close() }()
	s.connState(server, http.StateNew)
	if _, err := client.Read(make([]byte, 1)); err == nil {
		t.Error("got a byte, want the connection closed")
	}
	s.connState(server, http.StateClosed)
}
