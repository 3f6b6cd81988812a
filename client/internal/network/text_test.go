package network_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/client/internal/network"
)

// The text of an error says that an answer is not HTTP, without bytes of the other protocol.
func TestAnswerIsNotHTTP(t *testing.T) {
	for _, answer := range []string{"SSH-2.0-OpenSSH_9.6\r\n", "HTTX/9 200 OK\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"} {
		resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(answer)), nil)
		if err == nil {
			_ = resp.Body.Close()
			t.Fatalf("%q is an answer", answer)
		}
		got := network.Error(&url.Error{Op: "Post", URL: "http://h/", Err: err}).Error()
		if !strings.HasPrefix(got, "the answer is not HTTP") {
			t.Errorf("%q: %q, want the prefix %q", answer, got, "the answer is not HTTP")
		}
	}
	// The text of net/http for bytes that arrive before there is a request.
	early := fmt.Errorf("readLoopPeekFailLocked: %s", "%!w(<nil>)")
	if got := network.Error(&url.Error{Op: "Post", URL: "http://h/", Err: early}).Error(); !strings.HasPrefix(got, "the answer is not HTTP") {
		t.Errorf("an answer before the request: %q, want the prefix %q", got, "the answer is not HTTP")
	}
	if got := network.Error(&net.DNSError{Err: "no such host", Name: "h"}).Error(); !strings.Contains(got, "no such host") {
		t.Errorf("another error: %q", got)
	}
}

// A greeting of another service is of another protocol. An answer with an error in it may be
// that of a broken server that knows uploads.
func TestIsOtherProtocol(t *testing.T) {
	for answer, want := range map[string]bool{
		"SSH-2.0-OpenSSH_9.6\r\n":                  true,
		"220 mail.example ESMTP\r\n":               true,
		"HTTX/9 200 OK\r\n\r\n":                    true,
		"HTTP/1.1 abc OK\r\n\r\n":                  true,
		"HTTP/1.1 200 OK\r\nno colon\r\n\r\n":      false,
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n": false, // cut
	} {
		resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(answer)), nil)
		if err == nil {
			_ = resp.Body.Close()
			t.Fatalf("%q is an answer", answer)
		}
		err = &url.Error{Op: "Post", URL: "http://h/", Err: err}
		if got := network.IsOtherProtocol(err); got != want {
			t.Errorf("%q: %t, want %t", answer, got, want)
		}
		if got := network.IsOtherProtocol(fmt.Errorf("create: %w", network.Error(err))); got != want {
			t.Errorf("%q, with a plain text: %t, want %t", answer, got, want)
		}
	}
}
