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
			t.Errorf("%q: %q", answer, got)
		}
	}
	// The text of net/http for bytes that arrive before there is a request.
	early := fmt.Errorf("readLoopPeekFailLocked: %s", "%!w(<nil>)")
	if got := network.Error(&url.Error{Op: "Post", URL: "http://h/", Err: early}).Error(); !strings.HasPrefix(got, "the answer is not HTTP") {
		t.Errorf("an answer before the request: %q", got)
	}
	if got := network.Error(&net.DNSError{Err: "no such host", Name: "h"}).Error(); !strings.Contains(got, "no such host") {
		t.Errorf("another error: %q", got)
	}
}
