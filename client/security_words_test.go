package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// nasty has characters that a terminal must not get: ESC, DEL, the controls of Latin-1 as bytes
// and in UTF-8, a change of direction, invalid UTF-8, and a CR.
const nasty = "\x1b[31m\x1b]0;x\x07\x7f" + nastyText + "\rx"

// nastyText has those of nasty that net/http accepts in a header.
const nastyText = "\x9b31m\u009b31m\u202egpj.\xff"

// S-BYTES-OFFSET: an impossible offset is never used to send bytes, and never completes an
// upload.
func TestHostileOffsets(t *testing.T) {
	offsets := map[string][]string{
		"negative":        {"-1"},
		"2^63":            {"9223372036854775808"},
		"2^64+5":          {"18446744073709551621"},
		"exponent":        {"1e3"},
		"hexadecimal":     {"0x5"},
		"sign":            {"+5"},
		"fraction":        {"5.0"},
		"list":            {"5, 5"},
		"empty":           {""},
		"other digits":    {"٥"},
		"two":             {"0", "5"},
		"beyond the file": {"6"},
		"largest":         {"9223372036854775807"},
		"with nasty":      {"5" + strings.ReplaceAll(nasty, "\r", "")},
	}
	for name, values := range offsets {
		var lines []string
		for _, v := range values {
			lines = append(lines, "Upload-Offset: "+v)
		}
		t.Run("HEAD "+name, func(t *testing.T) {
			requests := 0
			c := clienttest.NewHostileClient(t, func(w io.Writer, _ *http.Request) {
				requests++
				clienttest.WriteResponse(w, 200, "", append(lines, "Upload-Length: 5")...)
			})
			res, err := c.Resume(t.Context(), c.Endpoint()+"1", clienttest.TextSource(t, "hello"), nil)
			if name == "two" {
				// The first offset is possible. The answer to the bytes after it is not.
				if err == nil || res.Offset == 5 {
					t.Errorf("offset %d, error %v, want Offset not 5 and an error", res.Offset, err)
				}
				return
			}
			if err == nil || requests != 1 || res.Offset != 0 {
				t.Errorf("offset %d after %d requests, error %v, want Offset 0, 1 and an error", res.Offset, requests, err)
			}
			wantPrintable(t, err)
		})
		t.Run("PATCH "+name, func(t *testing.T) {
			c := clienttest.NewHostileClient(t, func(w io.Writer, r *http.Request) {
				if r.Method == http.MethodHead {
					clienttest.WriteResponse(w, 200, "", "Upload-Offset: 0", "Upload-Length: 5")
					return
				}
				clienttest.WriteResponse(w, 204, "", lines...)
			})
			res, err := clienttest.ResumeOnce(t.Context(), c, c.Endpoint()+"1", clienttest.TextSource(t, "hello"), nil)
			if err == nil || res.Offset != 0 {
				t.Errorf("offset %d, error %v, want Offset 0 and an error", res.Offset, err)
			}
			wantPrintable(t, err)
		})
	}
}

// wantPrintable checks that the text of an error is safe for a terminal.
func wantPrintable(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	for _, r := range err.Error() {
		if !strconv.IsPrint(r) || r == '\uFFFD' {
			t.Errorf("error %q has %q in its text", err, r)
			return
		}
	}
	if n := len(err.Error()); n > 8<<10 {
		t.Errorf("the error has %d bytes, want at most %v", n, 8<<10)
	}
}

// S-WORDS-WAIT: a wait that a server names is limited by the longest wait of the policy.
func TestHostileRetryAfter(t *testing.T) {
	for name, value := range map[string]string{
		"for ever":       "1000000000000000000",
		"beyond int64":   "9999999999999999999999",
		"just too many":  "9223372036854775807",
		"overflow of ns": "9223372037",
		"negative":       "-5",
		"smallest":       "-9223372036854775808",
		"fraction":       "1.5",
		"past":           "Fri, 31 Dec 1999 23:59:59 GMT",
		"far":            "Fri, 31 Dec 9999 23:59:59 GMT",
		"year 10000":     "Fri, 31 Dec 10000 23:59:59 GMT",
		"nonsense":       strings.ReplaceAll(nasty, "\r", ""),
	} {
		for _, status := range []int{429, 503, 500, 423} {
			t.Run(fmt.Sprint(name, status), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := fake.New(t, fake.Config{})
					s.On(http.MethodPost, fake.Status(status, "", "Retry-After", value))
					began := time.Now()
					if _, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, "hello"), nil); err != nil {
						t.Fatal(err)
					}
					if took := time.Since(began); took < 0 || took > 62*time.Second {
						t.Errorf("took %v, want at least 0 and at most %v", took, 62*time.Second)
					}
				})
			})
		}
	}
}

// S-WORDS-LOCATION: bytes are sent only to http or https URLs without control characters.
func TestHostileLocations(t *testing.T) {
	for name, location := range map[string]string{
		"file":          "file:///etc/passwd",
		"data":          "data:text/plain,x",
		"script":        "javascript:alert(1)",
		"unix":          "unix:///run/x.sock",
		"gopher":        "gopher://tus.example/1",
		"no host":       "http:///1",
		"escape":        "/1\x1b[31m",
		"DEL":           "/1\x7f",
		"tab":           "/1\t2",
		"host of bytes": "http://a\xff\xfe/1",
		"host of CSI":   "http://a\u009b31m/1",
		"zone":          "http://[fe80::1%25\x1b]/1",
		"port":          "http://tus.example:99999999999999999999/1",
		"bad port":      "http://tus.example:" + strings.Repeat("p", 100_000) + "/1",
		"bad escape":    "/%" + strings.Repeat("z", 100_000),
		"bad host":      "http://[" + strings.Repeat("z", 100_000) + "/1",
	} {
		t.Run(name, func(t *testing.T) {
			reached := ""
			c := clienttest.NewHostileClient(t, func(w io.Writer, r *http.Request) {
				if r.Method == http.MethodPost {
					clienttest.WriteResponse(w, 201, "", "Location: "+location)
					return
				}
				reached = r.Host + r.RequestURI
			})
			res, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
			if err == nil {
				t.Fatal("no error")
			}
			wantPrintable(t, err)
			// A strange host or port is left to the dialer, and net/http refuses a header with
			// a control character.
			if !slices.Contains([]string{"host of bytes", "host of CSI", "port", "escape", "DEL", "zone", "tab"}, name) {
				clienttest.WantErrorIs(t, err, client.ErrInvalidLocation)
			}
			if strings.ContainsAny(reached+res.URL, "\x1b\x7f\t") || reached != "" && !isASCII(res.URL) {
				t.Errorf("it went to %q, of URL %q, want a path of ASCII, and no control character", reached, res.URL)
			}
		})
	}
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// S-WORDS-URL: the URL of an upload, which is printed completely, has visible ASCII characters
// only, including its query.
func TestLocationIsVisible(t *testing.T) {
	const query = "?a=\u009b31m\u202e\xff\x9b&b=ü+%7A|"
	const want = "?a=%C2%9B31m%E2%80%AE%FF%9B&b=%C3%BC+%7A%7C"
	t.Run("creation", func(t *testing.T) {
		c := clienttest.NewHostileClient(t, func(w io.Writer, _ *http.Request) { clienttest.WriteResponse(w, 201, "", "Location: /ü"+query) })
		got, err := c.Create(t.Context(), protocol.Creation{}, nil)
		if err != nil || got.State.Location != "http://tus.example/%C3%BC"+want {
			t.Errorf("%+v, error %v, want State.Location %q and no error", got, err, "http://tus.example/%C3%BC"+want)
		}
	})
	t.Run("redirect", func(t *testing.T) {
		c := clienttest.NewHostileClient(t, func(w io.Writer, r *http.Request) {
			if r.URL.Path == "/files/1" {
				clienttest.WriteResponse(w, 307, "", "Location: /ü"+query)
				return
			}
			clienttest.WriteResponse(w, 200, "", "Upload-Offset: 0")
		})
		got, err := c.Head(t.Context(), c.Endpoint()+"1", nil)
		if err != nil || got.State.Location != "http://tus.example/%C3%BC"+want {
			t.Errorf("%+v, error %v, want State.Location %q and no error", got, err, "http://tus.example/%C3%BC"+want)
		}
	})
}

// S-WORDS-ERROR: the text of an error has the server's text shortened and quoted.
func TestHostileErrorText(t *testing.T) {
	line := strings.ReplaceAll(nasty, "\r", "")
	long := strings.Repeat(line, 2000)
	for name, answer := range map[string]func(w io.Writer){
		"body":           func(w io.Writer) { clienttest.WriteResponse(w, 403, nasty) },
		"long body":      func(w io.Writer) { clienttest.WriteResponse(w, 403, strings.Repeat(nasty, 2000)) },
		"code":           func(w io.Writer) { clienttest.WriteResponse(w, 403, "ERR_"+nasty+": x") },
		"reason":         func(w io.Writer) { _, _ = io.WriteString(w, "HTTP/1.1 403 "+line+"\r\nContent-Length: 0\r\n\r\n") },
		"status":         func(w io.Writer) { _, _ = io.WriteString(w, "HTTP/1.1 "+line+"\r\n\r\n") },
		"proto":          func(w io.Writer) { _, _ = io.WriteString(w, line+" 200 OK\r\n\r\n") },
		"header name":    func(w io.Writer) { _, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\n"+line+": x\r\n\r\n") },
		"no colon":       func(w io.Writer) { _, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\n"+line+"\r\n\r\n") },
		"length":         func(w io.Writer) { _, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nContent-Length: "+line+"\r\n\r\n") },
		"coding":         func(w io.Writer) { _, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nTransfer-Encoding: "+line+"\r\n\r\n") },
		"compression":    func(w io.Writer) { clienttest.WriteResponse(w, 200, "x", "Content-Encoding: "+line) },
		"type":           func(w io.Writer) { clienttest.WriteResponse(w, 200, "", "Content-Type: "+line) },
		"version":        func(w io.Writer) { clienttest.WriteResponse(w, 412, "", "Tus-Resumable: "+line, "Tus-Version: "+line) },
		"capabilities":   func(w io.Writer) { clienttest.WriteResponse(w, 200, "", "Tus-Version: "+line, "Tus-Max-Size: "+line) },
		"offset":         func(w io.Writer) { clienttest.WriteResponse(w, 200, "", "Upload-Offset: "+line) },
		"long offset":    func(w io.Writer) { clienttest.WriteResponse(w, 200, "", "Upload-Offset: "+long) },
		"length of it":   func(w io.Writer) { clienttest.WriteResponse(w, 200, "", "Upload-Offset: 0", "Upload-Length: "+line) },
		"location":       func(w io.Writer) { clienttest.WriteResponse(w, 201, "", "Location: "+line) },
		"redirect":       func(w io.Writer) { clienttest.WriteResponse(w, 307, "", "Location: /"+line) },
		"long redirect":  func(w io.Writer) { clienttest.WriteResponse(w, 307, "", "Location: http://["+long) },
		"other redirect": func(w io.Writer) { clienttest.WriteResponse(w, 302, "", "Location: /\u009b"+line[7:]) },
		"to a scheme": func(w io.Writer) {
			clienttest.WriteResponse(w, 307, "", "Location: x"+strings.Repeat("y", 100_000)+":z")
		},
		"text type":   func(w io.Writer) { clienttest.WriteResponse(w, 200, "", "Content-Type: "+nastyText) },
		"text code":   func(w io.Writer) { clienttest.WriteResponse(w, 200, "x", "Content-Encoding: "+nastyText) },
		"text offset": func(w io.Writer) { clienttest.WriteResponse(w, 200, "", "Upload-Offset: "+nastyText) },
		"text length": func(w io.Writer) {
			clienttest.WriteResponse(w, 200, "", "Upload-Offset: 0", "Upload-Length: "+nastyText)
		},
		"text location":  func(w io.Writer) { clienttest.WriteResponse(w, 201, "", "Location: x:"+nastyText) },
		"text redirect":  func(w io.Writer) { clienttest.WriteResponse(w, 307, "", "Location: http://"+nastyText+":p/") },
		"text redirect2": func(w io.Writer) { clienttest.WriteResponse(w, 302, "", "Location: http://"+nastyText+"/") },
		"text range": func(w io.Writer) {
			clienttest.WriteResponse(w, 206, "x", "Content-Range: "+nastyText, "Etag: "+nastyText)
		},
		"text metadata": func(w io.Writer) {
			clienttest.WriteResponse(w, 200, "", "Upload-Offset: 5", "Upload-Length: 5", "Upload-Metadata: a "+nastyText)
		},
		"text concat": func(w io.Writer) {
			clienttest.WriteResponse(w, 200, "", "Upload-Offset: 5", "Upload-Length: 5", "Upload-Concat: "+nastyText)
		},
		"text key": func(w io.Writer) {
			clienttest.WriteResponse(w, 200, "", "Upload-Offset: 5", "Upload-Length: 5", "Upload-Metadata: "+nastyText+" !")
		},
		"long key": func(w io.Writer) {
			clienttest.WriteResponse(w, 200, "", "Upload-Offset: 5", "Upload-Length: 5", "Upload-Metadata: "+strings.Repeat("k", 100_000)+" !")
		},
		"text expiry": func(w io.Writer) {
			clienttest.WriteResponse(w, 200, "", "Upload-Offset: 0", "Upload-Expires: "+nastyText)
		},
		"text version": func(w io.Writer) { clienttest.WriteResponse(w, 412, "", "Tus-Version: "+nastyText) },
		"range":        func(w io.Writer) { clienttest.WriteResponse(w, 206, "x", "Content-Range: "+line) },
		"metadata": func(w io.Writer) {
			clienttest.WriteResponse(w, 200, "", "Upload-Offset: 5", "Upload-Length: 5", "Upload-Metadata: "+long)
		},
		"concat": func(w io.Writer) {
			clienttest.WriteResponse(w, 200, "", "Upload-Offset: 5", "Upload-Length: 5", "Upload-Concat: "+line)
		},
	} {
		t.Run(name, func(t *testing.T) {
			calls := map[string]func(ctx context.Context, c *client.Client) error{"METADATA": func(ctx context.Context, c *client.Client) error {
				_, err := c.Metadata(ctx, c.Endpoint()+"1", nil)
				return err
			}}
			maps.Copy(calls, clienttest.Exchanges)
			for method, call := range calls {
				t.Run(method, func(t *testing.T) {
					c := clienttest.NewHostileClient(t, func(w io.Writer, _ *http.Request) { answer(w) })
					err := call(t.Context(), c)
					wantPrintable(t, err)
					if e, ok := errors.AsType[*client.Error](err); ok && len(e.Body) > 4<<10 {
						t.Errorf("%d bytes of the body are kept, want at most %d", len(e.Body), 4<<10)
					}
				})
			}
		})
	}
}

// A server may repeat the request in its text, as pages for developers do. The error and the log
// show neither the query of the upload URL nor the values of headers.
func TestServerRepeatsSecrets(t *testing.T) {
	s := fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		switch r.Method {
		case http.MethodPost:
			fake.With("Location", "/files/1?sig=url-secret")(w, r, next)
		default:
			text := fmt.Sprintf("cannot %s %s for %s", r.Method, r.URL.RequestURI(), r.Header.Get("X-Key"))
			fake.Status(400, text, "Tus-Resumable", "1.0.0")(w, r, next)
		}
	}})
	var log bytes.Buffer
	c := clienttest.NewClient(t, s, client.Config{
		Header: http.Header{"X-Key": {"header-secret"}},
		Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	_, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
	clienttest.WantErrorIs(t, err, protocol.ErrBadRequest)
	if text := err.Error() + log.String(); strings.Contains(text, "secret") || !strings.Contains(text, "cannot PATCH /files/1?…") {
		t.Errorf("the error and the log show secrets, or not the text:\n%s", text)
	}
}
