package client_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake/content"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// portals are the answers of a captive portal, each of which stands for those of the server.
// Some of them redirect to /login, which is a page of the portal.
var portals = map[string]content.Step{
	"page":                   page(200),
	"page with an ETag":      page(200, "ETag", `"portal"`),
	"403":                    page(403),
	"404":                    page(404),
	"511":                    page(511),
	"302 to another origin":  page(302, "Location", "http://portal.test/login"),
	"307 to another origin":  page(307, "Location", "http://portal.test/login"),
	"302 in a loop":          page(302, "Location", content.URL),
	"302 to no address":      page(302, "Location", "http://[portal/"),
	"302 without a Location": page(302),
	"302 to another scheme":  page(302, "Location", "portal:login"),
}

func page(status int, header ...string) content.Step {
	return content.Status(status, clienttest.HTMLPage, append([]string{"Content-Type", "text/html"}, header...)...)
}

// contents are servers by how they name their content.
var contents = map[string]func() *content.Server{
	"with ETag":    func() *content.Server { return &content.Server{Data: clienttest.Noise(1000), ETag: `"v1"`} },
	"without ETag": func() *content.Server { return &content.Server{Data: clienttest.Noise(1000)} },
	"without HEAD": func() *content.Server {
		return &content.Server{Data: clienttest.Noise(1000), Head: content.HeadStatus(405)}
	},
}

// visit lets portal choose the answers of s after a lost connection; nil is the content. The
// page of the portal is at /login.
func visit(s *content.Server, portal func() content.Step) {
	step := func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
		do := portal()
		switch {
		case do == nil:
			next(w, r)
		case r.URL.Path == "/login":
			page(200)(w, r, next)
		default:
			do(w, r, next)
		}
	}
	s.Script = []content.Step{content.Cut(400)}
	for range 100 {
		s.Script = append(s.Script, step)
	}
}

// A captive portal in the middle of a download is waited for.
func TestDownloadThroughPortal(t *testing.T) {
	for kind, server := range contents {
		for name, portal := range portals {
			t.Run(name+" "+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := server()
					left := 12 // requests, of which a redirect needs two or ten
					visit(s, func() content.Step {
						if left--; left < 0 {
							return nil
						}
						return portal
					})
					got, _, err := clienttest.Download(t, s, client.Config{Retry: clienttest.RetryEachSecond(20)})
					if err != nil || got != s.Data {
						t.Errorf("%d bytes, %v, want no error and the expected %d", len(got), err, len(s.Data))
					}
				})
			})
		}
	}
}

// A captive portal that stays ends the download under the policy, and the next download
// resumes.
func TestDownloadBehindPortal(t *testing.T) {
	for kind, server := range contents {
		for name, portal := range portals {
			t.Run(name+" "+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := server()
					visit(s, func() content.Step { return portal })
					c := clienttest.New(t, client.Config{Endpoint: content.URL, Doer: s.Doer(t), Retry: clienttest.RetryEachSecond(3)})
					w := &kept{}
					open := func(client.Content) (io.Writer, int64, error) { return w, int64(w.Len()), nil }
					_, err := c.Download(t.Context(), content.URL, open, nil)
					clienttest.WantErrorIs(t, err, retry.ErrExhausted)
					if w.Len() != 400 {
						t.Fatalf("%d bytes, want 400", w.Len())
					}
					s.Script = nil
					if _, err := c.Download(t.Context(), content.URL, open, nil); err != nil || w.String() != s.Data {
						t.Errorf("%d bytes, %v, want the expected %d and no error", w.Len(), err, len(s.Data))
					}
				})
			})
		}
	}
}

// A refusal of the server itself is not that of a portal, and ends the download at once.
func TestDownloadRefusedInTheMiddle(t *testing.T) {
	tests := map[string]struct {
		step content.Step
		want error
	}{
		"401 page": {page(401), protocol.ErrUnauthorized},
		"407 page": {page(407), protocol.ErrProxyAuth},
		"403 text": {content.Status(403, "expired", "Content-Type", "text/plain"), protocol.ErrForbidden},
		"404 text": {content.Status(404, "gone", "Content-Type", "text/plain"), client.ErrNotServed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &content.Server{Data: clienttest.Noise(1000), ETag: `"v1"`, Script: []content.Step{content.Cut(400), test.step}}
				_, res, err := clienttest.Download(t, s, client.Config{})
				clienttest.WantErrorIs(t, err, test.want)
				if res.Retries != 1 {
					t.Errorf("%d retries, want 1", res.Retries)
				}
			})
		})
	}
}

// kept has the bytes of earlier downloads, and knows their sum.
type kept struct{ bytes.Buffer }

func (k *kept) PrefixSum() [sha256.Size]byte { return sha256.Sum256(k.Bytes()) }

// A portal that answers the first requests of a later download is recognized by its Sender,
// because open knows that of the bytes that are there. The server is asked again, by HEAD too.
func TestDownloadResumedBehindPortal(t *testing.T) {
	for kind, server := range contents {
		for name, portal := range map[string]content.Step{"page": page(200), "page with an ETag": page(200, "ETag", `"portal"`)} {
			t.Run(name+" "+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := server()
					head, visits := s.Head, 0
					if head == nil {
						head = content.HeadOffset(len(s.Data), len(s.Data))
					}
					s.Script = []content.Step{content.Cut(400)}
					c := clienttest.New(t, client.Config{Endpoint: content.URL, Doer: s.Doer(t), Retry: clienttest.RetryEachSecond(3)})
					w, sender := &kept{}, ""
					open := func(c client.Content) (io.Writer, int64, error) {
						if sender != "" && c.Upload == nil && c.Sender != sender {
							return nil, 0, client.ErrOtherServer
						}
						sender = c.Sender
						return w, int64(w.Len()), nil
					}
					once := clienttest.New(t, client.Config{Endpoint: content.URL, Doer: s.Doer(t), Retry: retry.Never})
					if _, err := once.Download(t.Context(), content.URL, open, nil); err == nil || w.Len() != 400 {
						t.Fatalf("%d bytes, %v, want Len 400 and an error", w.Len(), err)
					}
					s.Script = []content.Step{portal, portal}
					s.Head = func(w http.ResponseWriter, r *http.Request) {
						if visits++; visits > 2 {
							head(w, r)
							return
						}
						page(200)(w, r, nil)
					}
					res, err := c.Download(t.Context(), content.URL, open, nil)
					if err != nil || w.String() != s.Data {
						t.Fatalf("%d bytes, %v, want the expected %d and no error", w.Len(), err, len(s.Data))
					}
					if res.Retries != 2 || visits != 3 {
						t.Errorf("%d retries, %d requests with HEAD, want Retries 2 and 3", res.Retries, visits)
					}
				})
			})
		}
	}
}

// A page in the place of the first response is not the content that a tus server described in
// its answer to HEAD, whatever its length. The download waits, and opens no writer for it.
func TestDownloadPageAfterHEAD(t *testing.T) {
	long := clienttest.HTMLPage + clienttest.Noise(300<<10)
	tests := map[string]struct {
		step content.Step
		data string
		head http.HandlerFunc // nil: that of the server
		want error            // nil: the download succeeds after the page
	}{
		"page":                   {step: page(200)},
		"page with an ETag":      {step: page(200, "ETag", `"portal"`)},
		"long page":              {step: content.ChunksWithHeader([]string{"Content-Type", "text/html"}, long)},
		"longer than upload":     {step: content.ChunksWithHeader([]string{"Content-Type", "text/html; charset=utf-8"}, long), data: clienttest.Noise(100)},
		"compressed page":        {step: page(200, "Content-Encoding", "gzip")},
		"redirect to no address": {step: page(302, "Location", "http://[portal/")},
		"redirect without one":   {step: page(302)},
		"511":                    {step: page(511)},
		"text":                   {step: content.Status(200, "welcome", "Content-Type", "text/plain"), want: client.ErrContent},
		"page of the server":     {step: page(200, "Tus-Resumable", "1.0.0"), want: client.ErrContent},
		"an upload of a page":    {step: page(200), head: content.HeadPage(300 << 10), want: client.ErrContent},
		"403":                    {step: page(403), want: protocol.ErrForbidden},
		"404":                    {step: page(404), want: client.ErrNotServed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if test.data == "" {
					test.data = clienttest.Noise(300 << 10)
				}
				s := &content.Server{Data: test.data, Head: test.head, Script: []content.Step{test.step, test.step}}
				c := clienttest.New(t, client.Config{Endpoint: content.URL, Doer: s.Doer(t), Retry: clienttest.RetryEachSecond(3)})
				var b bytes.Buffer
				opened := 0
				_, err := c.Download(t.Context(), content.URL, func(client.Content) (io.Writer, int64, error) {
					opened++
					return &b, 0, nil
				}, nil)
				if test.want != nil {
					clienttest.WantErrorIs(t, err, test.want)
					if opened > 0 || len(s.Seen) != 1 {
						t.Errorf("opened %d times, %d requests, want 0 and 1 in Seen", opened, len(s.Seen))
					}
					return
				}
				if err != nil || b.String() != s.Data || opened != 1 {
					t.Errorf("%d bytes, opened %d times, %v, want the expected %d, 1 and no error", b.Len(), opened, err, len(s.Data))
				}
			})
		})
	}
}
