package wire

import (
	"net/http"
	"testing"
)

// The text of a server that repeats the request does not show its secrets.
func TestWithoutSecrets(t *testing.T) {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, "https://tus.example/files/1?sig=abc%2Fdefgh&n=12", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{
		"Authorization": {"Basic Ym9iOnNlY3JldA=="}, "Proxy-Authorization": {"Bearer 98765.43210"}, "Cookie": {"session=0123456789; a=b"}, "X-Key": {"ring-key"},
		"Upload-Offset": {"1234567"}, "User-Agent": {"tusker/1.0.0"},
	}
	for text, want := range map[string]string{
		"":              "",
		"no space left": "no space left",
		"Cannot PATCH /files/1?sig=abc%2Fdefgh&n=12": "Cannot PATCH /files/1?…",
		"signature abc/defgh is wrong":               "signature … is wrong",
		"who is Basic Ym9iOnNlY3JldA==?":             "who is …?",
		"token Ym9iOnNlY3JldA== refused":             "token … refused",
		"session 0123456789 is over":                 "session … is over",
		"key ring-key":                               "key …",
		"Bearer token 98765.43210 is over":           "Bearer token … is over",
		"tusker/1.0.0 at 1234567, n 12":              "tusker/1.0.0 at 1234567, n 12",
	} {
		if got := withoutSecrets(text, req, nil); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
