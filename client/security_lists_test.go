package client_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// longHeaders are headers of almost 1 MiB: lists with many elements, and values that an error
// quotes.
var longHeaders = map[string]string{
	"metadata, keys outside ASCII":   "Upload-Metadata: " + long("\u00e9,"),
	"metadata, values not in base64": "Upload-Metadata: " + long("a !,"),
	"metadata, one key twice":        "Upload-Metadata: " + long("a,"),
	"concat, valid parts":            "Upload-Concat: final;" + long("a "),
	"concat, invalid parts":          "Upload-Concat: final;" + long("\t\u00e9 "),
	"versions":                       "Tus-Version: " + long("1,"),
	"extensions":                     "Tus-Extension: " + long("A,"),
	"algorithms":                     "Tus-Checksum-Algorithm: " + long("A,"),
	"digests":                        "Repr-Digest: " + long("sha-256=!,"),
	"location":                       "Location: /" + long("a"),
	"location, malformed":            "Location: http://" + long("[:"),
	"location, not visible":          "Location: /?" + long("\u00e9"),
	"offset":                         "Upload-Offset: " + long("1"),
	"expires":                        "Upload-Expires: " + long("1"),
	"retry after":                    "Retry-After: " + long("1"),
	"content type":                   "Content-Type: " + long("a"),
	"content encoding":               "Content-Encoding: " + long("a"),
	"content range":                  "Content-Range: " + long("a"),
}

// long repeats text up to a little less than the limit of package nethttp.
func long(text string) string { return strings.Repeat(text, (clienttest.MiB-8<<10)/len(text)) }

// S-FLOOD-LISTS: a header of 1 MiB needs a small multiple of its size in memory, and errors
// keep only its beginning.
func TestLongHeaders(t *testing.T) {
	for name, header := range longHeaders {
		t.Run(name, func(t *testing.T) {
			for method, exchange := range clienttest.Exchanges {
				for _, status := range []int{200, 201, 204, 206, 308, 500} {
					t.Run(fmt.Sprint(method, status), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							requests := 0
							c, err := client.New(client.Config{
								Endpoint: "http://tus.example/files/", Retry: retry.Never,
								Doer: clienttest.HostileDoer(t, func(w io.Writer, _ *http.Request) { requests++; clienttest.WriteResponse(w, status, "", header) }),
							})
							if err != nil {
								t.Fatal(err)
							}
							used := clienttest.AllocatedBytes(func() { err = exchange(t.Context(), c) })
							clienttest.WantBelow(t, used, uint64(requests)*20*clienttest.MiB)
							if err != nil && len(err.Error()) > 8<<10 {
								t.Errorf("the error has a text of %d bytes", len(err.Error()))
							}
							for e := range chain(err) {
								if text := e.Error(); len(text) > 8<<10 {
									t.Errorf("a %T has a text of %d bytes, want at most %v", e, len(text), 8<<10)
								}
							}
						})
					})
				}
			}
		})
	}
}

// chain yields err and every error that it wraps.
func chain(err error) func(yield func(error) bool) {
	return func(yield func(error) bool) {
		for next := []error{err}; len(next) > 0; next = next[1:] {
			e := next[0]
			if e == nil {
				continue
			}
			if !yield(e) {
				return
			}
			if u, ok := e.(interface{ Unwrap() []error }); ok {
				next = append(next, u.Unwrap()...)
			}
			next = append(next, errors.Unwrap(e))
		}
	}
}

// S-FLOOD-LISTS: 16 simultaneous answers with 1 MiB of invalid pairs each need no more memory
// than net/http needs to read 1 MiB 16 times.
func TestLongHeadersSideBySide(t *testing.T) {
	const n = 16
	c := clienttest.NewHostileClient(t, func(w io.Writer, _ *http.Request) {
		clienttest.WriteResponse(w, 200, "", "Upload-Offset: 0", longHeaders["metadata, keys outside ASCII"])
	})
	done := make(chan error, n)
	used := clienttest.AllocatedBytes(func() {
		for range n {
			go func() { _, err := c.Head(t.Context(), c.Endpoint()+"1", nil); done <- err }()
		}
		for range n {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
	clienttest.WantBelow(t, used, n*12*clienttest.MiB)
}

// All parts of a final upload are read up to a limit of their number.
func TestManyParts(t *testing.T) {
	parts := slices.Repeat([]string{"https://tus.example/files/24e533e02ec3bc40c387f1a0e460e216"}, 8000)
	for name, value := range map[string]string{"all": strings.Join(parts, " "), "too many": long("a ")} {
		t.Run(name, func(t *testing.T) {
			c := clienttest.NewHostileClient(t, func(w io.Writer, _ *http.Request) {
				clienttest.WriteResponse(w, 200, "", "Upload-Length: 5", "Upload-Concat: final;"+value)
			})
			got, err := c.Head(t.Context(), c.Endpoint()+"1", nil)
			if err != nil {
				t.Fatal(err)
			}
			warning := got.State.Warning(protocol.HeaderUploadConcat)
			if name == "all" {
				if n := len(got.State.Concat.Parts); n != len(parts) || warning != nil {
					t.Errorf("%d parts of %d, warning %v, want %v and nil", n, len(parts), warning, len(parts))
				}
				return
			}
			clienttest.WantErrorIs(t, warning, protocol.ErrTooManyElements)
			if n := len(got.State.Concat.Parts); n != protocol.MaxConcatParts {
				t.Errorf("%d parts, want %v", n, protocol.MaxConcatParts)
			}
		})
	}
}
