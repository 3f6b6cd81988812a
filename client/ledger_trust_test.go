package client_test

import (
	"context"
	"crypto/sha256"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/client/source"
)

// With TrustLedger, a file that was sent is skipped without a request, also if the server moved
// the upload away, and nothing is compared. A file that changed is sent.
func TestTrustedLedgerIsNotVerified(t *testing.T) {
	s := fake.New(t, fake.Config{})
	cfg := client.Config{Ledger: &clienttest.Ledger{}, TrustLedger: true}
	name := clienttest.WriteFile(t, "hello")
	first := clienttest.UploadFile(t, s, cfg, name)
	already := len(s.Seen())

	res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), &client.UploadOptions{Verify: true})
	if err != nil || !res.Skipped || res.Verified || res.URL != first.URL || res.Offset != 5 || res.Resumed != 5 || res.Sent != 0 {
		t.Errorf("result %+v, error %v, want %s skipped", res, err, first.URL)
	}
	if seen := s.Seen()[already:]; len(seen) > 0 {
		t.Errorf("requests %v, want none", seen)
	}

	if err := os.WriteFile(name, []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	if res := clienttest.UploadFile(t, s, cfg, name); res.Skipped || res.URL == first.URL {
		t.Errorf("result %+v, want a new upload", res)
	}
}

// A record of an upload that the server refused in the end is not trusted.
func TestRefusedIsNotTrusted(t *testing.T) {
	s := fake.New(t, fake.Config{})
	m := &clienttest.Ledger{Alter: func(r *client.Record) { r.Denial = client.Denial{StatusCode: 422, Refused: true} }}
	cfg := client.Config{Ledger: m, TrustLedger: true}
	name := clienttest.WriteFile(t, "hello")
	clienttest.UploadFile(t, s, cfg, name)
	_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
	clienttest.WantErrorIs(t, err, client.ErrRefused)
}

// A source that is skipped has the Denial of the run that sent it, whether or not the server is
// asked.
func TestSkippedHasDenial(t *testing.T) {
	for name, trust := range map[string]bool{"asked": false, "trusted": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				s.On(http.MethodPatch, denies(500, "hook crashed"))
				cfg := client.Config{Ledger: &clienttest.Ledger{}, TrustLedger: trust, InlineSize: -1, Retry: clienttest.RetryEachSecond(1)}
				file := clienttest.WriteFile(t, "hello")
				want := client.Denial{StatusCode: http.StatusInternalServerError, Words: "hook crashed"}
				for i := range 3 {
					res := clienttest.UploadFile(t, s, cfg, file)
					if res.Denial != want || res.Skipped != (i > 0) {
						t.Errorf("run %d: result %+v, want Denial %v and Skipped %t", i, res, want, i > 0)
					}
				}
			})
		})
	}
}

// With Digest, the result has the SHA-256 of the bytes that were sent, of a file in one piece
// or in several requests, and of a file that the ledger has.
func TestDigest(t *testing.T) {
	const data = "hello, tus"
	want := sha256.Sum256([]byte(data))
	tests := map[string]client.Config{
		"at once":   {},
		"in chunks": {ChunkSize: 3, InlineSize: -1},
		"skipped":   {Ledger: &clienttest.Ledger{}},
		"trusted":   {Ledger: &clienttest.Ledger{}, TrustLedger: true},
	}
	for name, cfg := range tests {
		t.Run(name, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			file := clienttest.WriteFile(t, data)
			c := clienttest.NewClient(t, s, cfg)
			for range 2 {
				res, err := c.Upload(t.Context(), clienttest.PathSource(t, file), &client.UploadOptions{Digest: true})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want[:], res.SHA256); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
			if res := clienttest.UploadFile(t, s, client.Config{}, file); res.SHA256 != nil {
				t.Errorf("%x without Digest", res.SHA256)
			}
		})
	}
}

// A file that was recorded without a SHA-256 gets one when it is skipped.
func TestDigestOfSkippedFile(t *testing.T) {
	s := fake.New(t, fake.Config{})
	cfg := client.Config{Ledger: &clienttest.Ledger{}, TrustLedger: true}
	name := clienttest.WriteFile(t, "hello")
	clienttest.UploadFile(t, s, cfg, name)
	want := sha256.Sum256([]byte("hello"))
	res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), &client.UploadOptions{Digest: true})
	if err != nil || !res.Skipped || string(res.SHA256) != string(want[:]) {
		t.Errorf("result %+v, error %v, want %x", res, err, want)
	}
}

// A stream has the SHA-256 of the bytes that passed through it. A source that cannot compute
// one is not sent.
func TestDigestOfOtherSources(t *testing.T) {
	s := fake.New(t, fake.Config{})
	c := clienttest.NewClient(t, s, client.Config{ChunkSize: 2})
	want := sha256.Sum256([]byte("hello"))
	res, err := c.Upload(t.Context(), client.Stream(strings.NewReader("hello"), nil), &client.UploadOptions{Digest: true})
	if err != nil || string(res.SHA256) != string(want[:]) {
		t.Errorf("result %+v, error %v, want %x", res, err, want)
	}
	already := len(s.Seen())
	_, err = c.Upload(t.Context(), withoutDigest{client.Stream(strings.NewReader("hello"), nil)}, &client.UploadOptions{Digest: true})
	clienttest.WantErrorIs(t, err, client.ErrUnverified)
	if seen := s.Seen()[already:]; len(seen) > 0 {
		t.Errorf("requests %v, want none", seen)
	}
}

// withoutDigest is a source that cannot compute its SHA-256.
type withoutDigest struct{ client.Source }

// Open implements client.Source.
func (w withoutDigest) Open(ctx context.Context, chunk int64) (source.Handle, error) {
	opened, err := w.Source.Open(ctx, chunk)
	return struct{ source.Handle }{opened}, err
}

// A ledger keeps the headers that the client wants, and a trusted one returns them.
func TestLedgerHeaders(t *testing.T) {
	s := fake.New(t, fake.Config{})
	m := &clienttest.Ledger{}
	cfg := client.Config{Ledger: m, TrustLedger: true, LedgerHeaders: []string{"stream-media-id", "X-None", "Location"}}
	s.On(http.MethodPost, fake.With("Stream-Media-Id", "abc"))
	name := clienttest.WriteFile(t, "hello")
	first := clienttest.UploadFile(t, s, cfg, name)
	res := clienttest.UploadFile(t, s, cfg, name)
	want := http.Header{"Stream-Media-Id": {"abc"}, "Location": first.CreationHeader["Location"]}
	if diff := cmp.Diff(want, res.Header); diff != "" || !res.Skipped {
		t.Errorf("skipped: %t (-want +got):\n%s", res.Skipped, diff)
	}
}
