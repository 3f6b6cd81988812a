package tus

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/protocol"
)

func FuzzErrorCode(f *testing.F) {
	for _, seed := range []string{"", "ERR_UPLOAD_LOCKED: busy\n", "ERR_", "ERR_A", " ERR_A1 : x", "ERR_a: x", "<html>", "ERR_A\x1b: x", "no: ERR_A"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		code := errorCode(body)
		if code == "" {
			return
		}
		if !strings.HasPrefix(strings.TrimSpace(body), code) || errorCode(code+": words") != code {
			t.Errorf("errorCode(%q) = %q, want the prefix %q and %q", body, code, code, code)
		}
	})
}

// The text of an error has the server's text on one line that can be printed.
func FuzzErrorText(f *testing.F) {
	for _, seed := range []string{"", "no", "two\nlines", "\x1b[31m", "\xff\xfe", "<html>", strings.Repeat("é", 200), "\u202e"} {
		f.Add(seed, 400, seed)
	}
	f.Fuzz(func(t *testing.T, body string, status int, resumable string) {
		h := http.Header{protocol.HeaderResumable: {resumable}}
		e := &failure.Error{Op: protocol.OpPatch, StatusCode: status, Code: errorCode(body), Header: h, Body: body, Err: errors.New("x")}
		text := e.Error()
		if strings.ContainsFunc(text, isControl) || strings.ContainsAny(text, "\t\n") || len(text) > 3000 {
			t.Errorf("the error is %q, want at most 3000 bytes that can be printed", text)
		}
		if c := classify(e); c.String() == "" {
			t.Errorf("class %d of %q has no name", c, text)
		}
	})
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

func FuzzDigestOf(f *testing.F) {
	const sum = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
	for _, seed := range []string{"", "sha-256=:" + sum + ":", "SHA-256=" + sum, "md5=x, sha-256=:" + sum + ":", "sha-256=:x:", "sha-256", "=", ",,"} {
		f.Add(seed, "")
		f.Add("", seed)
	}
	f.Fuzz(func(t *testing.T, repr, digest string) {
		if got := digestOf(http.Header{"Repr-Digest": {repr}, "Digest": {digest}}); got != nil && len(got) != 32 {
			t.Errorf("%d bytes, want 32", len(got))
		}
	})
}
