package rufh_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// lines parses header fields, one in each line, and adds them in order.
func lines(t *testing.T, text string) http.Header {
	t.Helper()
	h := http.Header{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			t.Fatalf("line %q is not a header field", line)
		}
		h.Add(name, strings.TrimPrefix(value, " "))
	}
	return h
}

type setter interface{ SetHeader(h rufh.Header) error }

// checkHeaderError checks that err is a *protocol.HeaderError about name that Is kind.
func checkHeaderError(t *testing.T, err error, name string, kind error) {
	t.Helper()
	var e *protocol.HeaderError
	if !errors.As(err, &e) || e.Name != name || !errors.Is(err, kind) {
		t.Errorf("error %v, want %v about %s", err, kind, name)
	}
}

// answer is the response of a server: the status, and the fields of its header.
type answer struct {
	status int
	header string
}

func (a answer) parse(t *testing.T, v rufh.Version) rufh.Response {
	t.Helper()
	return v.ParseResponse(a.status, lines(t, a.header))
}
