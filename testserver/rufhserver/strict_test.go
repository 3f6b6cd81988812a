package rufhserver_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/testserver/rufhserver"
)

// The server refuses what the draft of the version does not allow.
func TestStrict(t *testing.T) {
	abc := []byte("abc")
	type edit = func(s session, q *request)
	header := func(key, value string) edit {
		return func(_ session, q *request) { q.header = http.Header{http.CanonicalHeaderKey(key): {value}} }
	}
	for _, test := range []struct {
		name        string
		first, last rufh.Version
		method      string // of the request to an upload with 3 bytes; POST: to the target
		edit        edit
		status      int
		text        string
	}{
		{"another version", 3, 9, "PATCH", header(rufh.HeaderInteropVersion, "10"), 400, "interop version"},
		{"no version", 3, 10, "HEAD", func(_ session, q *request) { q.fields = nil }, 400, ""},
		{"HEAD with offset", 3, 6, "HEAD", header(rufh.HeaderUploadOffset, "3"), 400, ""},
		{"HEAD with length", 3, 6, "HEAD", header(rufh.HeaderUploadLength, "3"), 400, ""},
		{"DELETE with completeness", 4, 6, "DELETE", header(rufh.HeaderUploadComplete, "?1"), 400, "DELETE"},
		{"DELETE with completeness in version 3", 3, 3, "DELETE", header(rufh.HeaderUploadIncomplete, "?1"), 400, "DELETE"},
		{"creation with offset", 3, 6, "POST", header(rufh.HeaderUploadOffset, "0"), 400, "no Upload-Offset"},
		{"creation with another length", 4, 10, "POST", header(rufh.HeaderUploadLength, "4"), 400, "inconsistent"},
		{"another method", 3, 10, "PUT", nil, 405, "method"},
		{"no media type", 6, 10, "PATCH", header("Content-Type", "application/offset+octet-stream"), 415, "partial-upload"},
		{"no offset", 3, 10, "PATCH", header(rufh.HeaderUploadOffset, ""), 400, "Upload-Offset is missing"},
		{"void offset", 3, 10, "PATCH", header(rufh.HeaderUploadOffset, "\"3\""), 400, "Upload-Offset is missing"},
		{"no completeness", 4, 10, "PATCH", header(rufh.HeaderUploadComplete, ""), 400, "Upload-Complete is missing"},
		{"lower offset", 3, 10, "PATCH", header(rufh.HeaderUploadOffset, "2"), 409, "does not match"},
		{"higher offset", 3, 10, "PATCH", header(rufh.HeaderUploadOffset, "4"), 409, "does not match"},
		{"another length", 4, 10, "PATCH", header(rufh.HeaderUploadLength, "9"), 400, "inconsistent"},
	} {
		for _, v := range versions(test.first, test.last) {
			t.Run(v.String(), func(t *testing.T) {
				t.Run(test.name, func(t *testing.T) {
					s := start(t, v, rufhserver.Config{})
					url := s.send(rufh.Created, s.creation(false, abc)).Location
					q := s.patch(url, 3, true, abc)
					switch test.method {
					case "POST":
						q = s.creation(true, abc)
					case "HEAD":
						q = s.head(url)
					case "DELETE":
						q = s.remove(url)
					default:
						q.method = test.method
					}
					if test.edit != nil {
						test.edit(s, &q)
					}
					got, err := s.try(t.Context(), q)
					if err != nil {
						t.Fatal(err)
					}
					if got.Status != test.status || !strings.Contains(got.content, test.text) || got.Complete == rufh.Complete {
						t.Errorf("status %d, %q, %v", got.Status, got.content, got.header)
					}
					if test.status == http.StatusConflict && got.verdict != (rufh.Verdict{Meaning: rufh.Mismatched, Offset: protocol.Known(3)}) {
						t.Errorf("verdict %v", got.verdict)
					}
					s.stored(url, abc)
				})
			})
		}
	}
}

// Problems exist since version 6 (-13, section 7).
func TestProblems(t *testing.T) {
	for _, v := range versions(rufh.Oldest, rufh.Newest) {
		t.Run(v.String(), func(t *testing.T) {
			s := start(t, v, rufhserver.Config{})
			url := s.send(rufh.Created, s.creation(false, nil)).Location
			got := s.send(rufh.Mismatched, s.patch(url, 5, false, []byte("abc")))
			want := rufh.Problem{}
			if v >= 6 {
				want = rufh.Problem{
					Type: rufh.ProblemMismatchingOffset, Title: "offset from request does not match offset of resource",
					Expected: protocol.Known(0), Provided: protocol.Known(5),
				}
			}
			if got.Problem != want {
				t.Errorf("problem %+v", got.Problem)
			}
		})
	}
}

// Content beyond the length is refused. Since version 7, the upload is invalid then (-13,
// section 4.4.2).
func TestBeyondLength(t *testing.T) {
	for _, v := range versions(6, rufh.Newest) {
		t.Run(v.String(), func(t *testing.T) {
			s := start(t, v, rufhserver.Config{})
			q := s.creation(false, nil)
			q.fields = rufh.Creation{Version: v, Length: protocol.Known(5)}
			url := s.send(rufh.Created, q).Location
			long := s.patch(url, 0, false, nil)
			long.body = io.MultiReader(strings.NewReader("abcdefgh"))
			if got := s.send(rufh.Refused, long); got.Status != http.StatusBadRequest || got.Problem.Type != rufh.ProblemInconsistentLength {
				t.Errorf("status %d, %q", got.Status, got.content)
			}
			if v >= 7 {
				s.send(rufh.Gone, s.head(url))
				return
			}
			if got := s.send(rufh.Retrieved, s.head(url)); got.verdict.Offset != protocol.Known(5) || got.Length != protocol.Known(5) {
				t.Errorf("offset %v of %v", got.verdict.Offset, got.Length)
			}
		})
	}
}

// Content of unknown size that ends before the length does not complete the upload.
func TestShort(t *testing.T) {
	s := start(t, 10, rufhserver.Config{})
	q := s.creation(false, nil)
	q.fields = rufh.Creation{Version: 10, Length: protocol.Known(5)}
	url := s.send(rufh.Created, q).Location
	short := s.patch(url, 0, true, nil)
	short.body = io.MultiReader(strings.NewReader("abc"))
	got := s.send(rufh.Refused, short)
	if got.Problem.Type != rufh.ProblemInconsistentLength || got.verdict.Offset != protocol.Known(3) {
		t.Errorf("%q, offset %v", got.content, got.verdict.Offset)
	}
	s.send(rufh.Retrieved, s.head(url))
}

// Limits are announced and enforced (-13, section 4.1.4).
func TestLimits(t *testing.T) {
	limits := protocol.Limits{MinUpload: 3, MaxUpload: 20, MinRequest: 2, MaxRequest: 10, MaxAge: time.Minute}
	for _, v := range versions(6, rufh.Newest) {
		t.Run(v.String(), func(t *testing.T) {
			s := start(t, v, rufhserver.Config{Limits: limits, Target: http.HandlerFunc(target)})
			declared := func(complete bool, length int64, size int) request {
				q := s.creation(complete, content(size))
				q.fields = rufh.Creation{Version: v, Complete: complete, Length: protocol.Known(length)}
				return q
			}
			created := s.send(rufh.Created, declared(false, 20, 5))
			if created.Limits == nil || *created.Limits != limits || *created.interim[0].Limits != limits {
				t.Errorf("limits %+v", created.Limits)
			}
			url := created.Location
			if got := s.send(rufh.Retrieved, s.head(url)); got.Limits == nil || *got.Limits != limits {
				t.Errorf("limits of HEAD %+v", got.Limits)
			}
			for name, q := range map[string]request{
				"too large":               declared(false, 21, 5),
				"too large to begin with": declared(true, 11, 11),
				"too much at once":        s.patch(url, 5, false, content(11)),
				"too much at once, unstated": func() request {
					q := s.patch(url, 5, false, nil)
					q.body = io.MultiReader(strings.NewReader("12345678901"))
					return q
				}(),
			} {
				if got := s.send(rufh.TooLarge, q); got.Limits == nil {
					t.Errorf("%s: no limits, %q", name, got.content)
				}
			}
			if got := s.send(rufh.Refused, declared(false, 2, 2)); !strings.Contains(got.content, "min-size") {
				t.Errorf("small upload: %q", got.content)
			}
			if got := s.send(rufh.Refused, s.patch(url, 5, false, content(1))); !strings.Contains(got.content, "min-append-size") {
				t.Errorf("small append: %q", got.content)
			}
			if got := s.send(rufh.Ordinary, declared(true, 2, 2)); len(got.interim) > 0 {
				t.Errorf("small upload: %d interim responses", len(got.interim))
			}
			// The last append may be small.
			s.send(rufh.Appended, s.patch(url, 5, false, content(10)))
			offset := int64(15)
			if got := s.send(rufh.Retrieved, s.head(url)).verdict.Offset; got != protocol.Known(offset) {
				t.Errorf("offset %v", got)
			}
			s.send(rufh.Final, s.patch(url, offset, true, content(5)))
		})
	}
}
