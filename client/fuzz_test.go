package client

import (
	"errors"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

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
		if !strings.HasPrefix(strings.TrimSpace(body), code) || !isToken(code) || errorCode(code+": words") != code {
			t.Errorf("errorCode(%q) = %q", body, code)
		}
	})
}

// The text of an error holds the server's words on one line that can be printed.
func FuzzErrorText(f *testing.F) {
	for _, seed := range []string{"", "no", "two\nlines", "\x1b[31m", "\xff\xfe", "<html>", strings.Repeat("é", 200), "\u202e"} {
		f.Add(seed, 400, seed)
	}
	f.Fuzz(func(t *testing.T, body string, status int, resumable string) {
		h := http.Header{protocol.HeaderResumable: {resumable}}
		e := &Error{Op: protocol.OpPatch, StatusCode: status, Code: errorCode(body), Header: h, Body: body, Err: errors.New("x")}
		text := e.Error()
		if strings.ContainsFunc(text, isForbidden) || strings.ContainsAny(text, "\t\n") || len(text) > 10*maxWords {
			t.Errorf("the error is %q", text)
		}
		if c := classify(e); c.String() == "" {
			t.Errorf("class %d of %q has no name", c, text)
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"", "0", "5", "-5", "1e3", "1000000000000000000", "9223372036854775808", "Fri, 31 Dec 9999 23:59:59 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", " 7 "} {
		f.Add(seed)
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	f.Fuzz(func(t *testing.T, value string) {
		if d := retryAfter(http.Header{"Retry-After": {value}}, now); d < 0 {
			t.Errorf("retryAfter(%q) = %v", value, d)
		}
	})
}

func FuzzContentRange(f *testing.F) {
	for _, seed := range []string{"", "bytes 0-4/5", "bytes 5-9/*", "bytes */5", "Bytes  1-1/2", "bytes 4-0/5", "bytes 0-5/5", "bytes 0-9223372036854775807/9223372036854775807", "bytes -1-2/3", "items 0-1/2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		r, err := contentRange(http.Header{"Content-Range": {value}})
		if err != nil {
			if !errors.Is(err, ErrContent) {
				t.Errorf("%q: error %v", value, err)
			}
			return
		}
		if n, known := r.whole.Int64(); r.start < 0 || r.end <= r.start || known && n < r.end {
			t.Errorf("%q: from %d to %d of %d", value, r.start, r.end, n)
		}
	})
}

// A server's headers cannot make a content differ from itself.
func FuzzContentOf(f *testing.F) {
	f.Add(`"a"`, "Fri, 02 Jan 2026 03:04:05 GMT", "Fri, 02 Jan 2026 03:04:15 GMT", int64(5))
	f.Add(`W/"a"`, "", "", int64(-1))
	f.Add("\x1b", "x", "y", int64(math.MaxInt64))
	f.Fuzz(func(t *testing.T, etag, modified, date string, length int64) {
		h := http.Header{"Etag": {etag}, "Last-Modified": {modified}, "Date": {date}}
		c := contentOf(&http.Response{StatusCode: http.StatusOK, Header: h, ContentLength: length}, nil)
		if n, known := c.Length.Int64(); known && n < 0 {
			t.Errorf("length %d", n)
		}
		if (c.Version == "") != (c.validator == validator{}) {
			t.Errorf("version %q of validator %v", c.Version, c.validator)
		}
		if got, what := c.compare(http.StatusOK, h, c.Length); got != matchSame && got != matchUnproven {
			t.Errorf("it differs from itself: %v, %s", got, what)
		}
	})
}

func FuzzDigestOf(f *testing.F) {
	const sum = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
	for _, seed := range []string{"", "sha-256=:" + sum + ":", "SHA-256=" + sum, "md5=x, sha-256=:" + sum + ":", "sha-256=:x:", "sha-256", "=", ",,"} {
		f.Add(seed, "")
		f.Add("", seed)
	}
	f.Fuzz(func(t *testing.T, repr, digest string) {
		if got, ok := digestOf(http.Header{"Repr-Digest": {repr}, "Digest": {digest}}); ok != (len(got) == 32) {
			t.Errorf("%d bytes, %t", len(got), ok)
		}
	})
}

// Whatever a server names, an upload has a URL that can be sent to and printed,
// and that stays what it is when it is read from a record.
func FuzzResolveLocation(f *testing.F) {
	for _, seed := range []string{"", "/files/1", "1", "//up.example/1", "https://up.example:99/a%2Fb?sig=a%2fb+c#x", "http://tus.example/", "file:///etc/passwd", "?\u009b\xff", "http://[::1%25a]/", "/\x1b", "https://me:pw@h/", "https://tus.example:port/"} {
		f.Add(seed)
	}
	base, err := url.Parse("https://tus.example/files/?token=hidden")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, location string) {
		u, err := resolveLocation(base, location)
		if err != nil {
			if !errors.Is(err, ErrInvalidLocation) && !errors.Is(err, ErrInsecureLocation) {
				t.Errorf("%q: error %v", location, err)
			}
			return
		}
		text := u.String()
		for _, c := range []byte(text) {
			if c < ' ' || c >= 0x7f {
				t.Fatalf("%q becomes %q", location, text)
			}
		}
		again, err := parseURL(text)
		if err != nil {
			t.Fatalf("%q becomes %q: %v", location, text, err)
		}
		if again.String() != text || again.Scheme != "https" || again.Hostname() == "" || !sameOrigin(u, again) {
			t.Errorf("%q becomes %q, and then %q", location, text, again)
		}
		if next, err := resolveLocation(again, text); err != nil || next.String() != text {
			t.Errorf("%q from %q is %v, %v", text, location, next, err)
		}
	})
}
