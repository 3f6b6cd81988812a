package client_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

const (
	sentFive = "PATCH /files/1 0+5"
	get      = "GET /files/1"
)

// giving returns a server that answers GET.
func giving(t *testing.T) *fake.Server {
	t.Helper()
	return fake.New(t, fake.Config{Content: true})
}

var verifying = &client.UploadOptions{Verify: true}

func sha256Of(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// If the server names a SHA-256, the upload is not downloaded.
func TestVerifyByDigest(t *testing.T) {
	right, wrong := sha256Of("bytes"), sha256Of("BYTES")
	tests := map[string]struct {
		header []string // of the answer to HEAD
		back   bool     // the upload is downloaded
		is     error
	}{
		"RFC 9530":                    {[]string{"Repr-Digest", "sha-256=:" + right + ":"}, false, nil},
		"RFC 9530, another":           {[]string{"Repr-Digest", "sha-256=:" + wrong + ":"}, false, client.ErrDifferent},
		"RFC 9530, among others":      {[]string{"Repr-Digest", "md5=:AAAA:, sha-256=:" + right + ":, sha-512=:AAAA:"}, false, nil},
		"RFC 3230":                    {[]string{"Digest", "SHA-256=" + right}, false, nil},
		"RFC 3230, another":           {[]string{"Digest", "SHA-256=" + wrong}, false, client.ErrDifferent},
		"RFC 3230, among others":      {[]string{"Digest", "unixsum=30637,sha-256=" + right}, false, nil},
		"the newer one wins":          {[]string{"Repr-Digest", "sha-256=:" + right + ":", "Digest", "sha-256=" + wrong}, false, nil},
		"the newer one is malformed":  {[]string{"Repr-Digest", "sha-256=:x:", "Digest", "sha-256=" + wrong}, false, client.ErrDifferent},
		"none":                        {nil, true, nil},
		"another algorithm":           {[]string{"Repr-Digest", "sha-512=:" + right + ":"}, true, nil},
		"too short":                   {[]string{"Repr-Digest", "sha-256=:AAAA:"}, true, nil},
		"hexadecimal":                 {[]string{"Digest", "sha-256=" + strings.Repeat("0a", 32)}, true, nil},
		"no base64":                   {[]string{"Repr-Digest", "sha-256=:!:"}, true, nil},
		"no value":                    {[]string{"Repr-Digest", "sha-256"}, true, nil},
		"nothing but separators":      {[]string{"Repr-Digest", ",=,:,"}, true, nil},
		"of the message, not of this": {[]string{"Content-Digest", "sha-256=:" + wrong + ":"}, true, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := giving(t)
			s.On(http.MethodHead, fake.With(test.header...))
			res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, "bytes"), verifying)
			want := []string{clienttest.Post, sentFive, clienttest.Head}
			if test.back {
				want = append(want, clienttest.Head, get)
			}
			clienttest.WantRequests(t, s, want...)
			wantVerified(t, res, err, test.is)
			asked := s.Requests()[2].Header
			if asked.Get("Want-Repr-Digest") != "sha-256=10" || asked.Get("Want-Digest") != "sha-256" {
				t.Errorf("asked with %v, want Want-Repr-Digest %q and Want-Digest %q", asked, "sha-256=10", "sha-256")
			}
		})
	}
}

// wantVerified checks the result of a verification of five bytes. The upload is complete even
// if the verification fails.
func wantVerified(t *testing.T, res *client.Result, err, is error) {
	t.Helper()
	if is != nil {
		clienttest.WantErrorIs(t, err, is)
	} else if err != nil {
		t.Error(err)
	}
	if res.Verified != (is == nil) {
		t.Errorf("verified: %v, want %t", res.Verified, is == nil)
	}
	if res.Offset != 5 || res.URL == "" {
		t.Errorf("result %+v, want Offset 5 and URL not empty", res)
	}
}

func TestVerifyByReading(t *testing.T) {
	body := func(data string, header ...string) fake.Action { return fake.Status(200, data, header...) }
	always := func(a fake.Action) []fake.Action { return clienttest.Repeat(9, a) }
	tests := map[string]struct {
		get []fake.Action
		is  error
	}{
		"right":                    {nil, nil},
		"other bytes":              {[]fake.Action{body("BYTES")}, client.ErrDifferent},
		"too few":                  {[]fake.Action{body("byte")}, client.ErrDifferent},
		"too many":                 {[]fake.Action{body("bytes!")}, client.ErrDifferent},
		"nothing":                  {[]fake.Action{fake.Status(204, "")}, client.ErrDifferent},
		"compressed":               {[]fake.Action{body("bytes", "Content-Encoding", "gzip")}, client.ErrUnverified},
		"busy for a while":         {[]fake.Action{fake.Status(503, ""), fake.Status(429, ""), nil}, nil},
		"broken off":               {[]fake.Action{fake.Lose, nil}, nil},
		"not found":                {always(fake.Status(404, "")), client.ErrUnverified},
		"gone":                     {always(fake.Status(410, "")), client.ErrUnverified},
		"forbidden":                {always(fake.Status(403, "")), client.ErrUnverified},
		"no such method":           {always(fake.Status(405, "")), client.ErrUnverified},
		"not implemented":          {always(fake.Status(501, "")), client.ErrUnverified},
		"credentials refused":      {always(fake.Status(401, "")), protocol.ErrUnauthorized},
		"broken":                   {always(fake.Status(500, "")), retry.ErrExhausted},
		"another part than wanted": {[]fake.Action{fake.Status(206, "tes")}, protocol.ErrUnexpectedStatus},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := giving(t)
				s.On(http.MethodGet, test.get...)
				var events []client.Event
				res, err := clienttest.NewClient(t, s, client.Config{Retry: clienttest.RetryEachSecond(2)}).Upload(t.Context(), clienttest.TextSource(t, "bytes"),
					&client.UploadOptions{Verify: true, OnEvent: clienttest.RecordEvents(&events)})
				wantVerified(t, res, err, test.is)
				want := client.EventDone
				if test.is != nil {
					want = client.EventFailed
				}
				if last := events[len(events)-1]; last.Kind != want || last.Offset != 5 {
					t.Errorf("last event %+v, want Kind %v and Offset 5", last, want)
				}
			})
		})
	}
}

// The error is ErrUnverified if the server does not answer GET or has moved the upload.
func TestVerifyUnsupported(t *testing.T) {
	t.Run("no GET", func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, "bytes"), verifying)
		wantVerified(t, res, err, client.ErrUnverified)
	})
	t.Run("moved away", func(t *testing.T) {
		s := giving(t)
		s.On(http.MethodHead, fake.Status(404, ""), fake.Status(404, ""))
		s.On(http.MethodGet, fake.Status(404, ""))
		res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, "bytes"), verifying)
		wantVerified(t, res, err, client.ErrUnverified)
	})
	t.Run("not asked to", func(t *testing.T) {
		s := giving(t)
		res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, "bytes"), nil)
		if err != nil || res.Verified {
			t.Errorf("verified %v, error %v, want Verified false and no error", res.Verified, err)
		}
		clienttest.WantRequests(t, s, clienttest.Post, sentFive)
	})
	t.Run("failed before", func(t *testing.T) {
		s := giving(t)
		s.On(http.MethodPatch, fake.Status(403, ""))
		res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, "bytes"), verifying)
		clienttest.WantErrorIs(t, err, protocol.ErrForbidden)
		if res.Verified {
			t.Error("verified")
		}
		clienttest.WantRequests(t, s, clienttest.Post, sentFive)
	})
}

// Verify finds damaged bytes, also after retries.
func TestVerifyFindsDamage(t *testing.T) {
	s := giving(t)
	s.On(http.MethodPatch, fake.Damage)
	res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, "bytes"), verifying)
	wantVerified(t, res, err, client.ErrDifferent)
}

// The digest of a stream is computed while it is sent. Each byte counts once, even if it is sent
// several times.
func TestVerifyStreams(t *testing.T) {
	data := clienttest.Noise(30)
	long := clienttest.Noise(600 << 10)
	unknown := func(keep int64) client.Source {
		return client.Stream(clienttest.PlainReader(data), &client.StreamOptions{Window: keep})
	}
	known := func(s string, keep int64) client.Source {
		return client.Stream(iotest.HalfReader(clienttest.PlainReader(s)), &client.StreamOptions{Window: keep, Length: protocol.Known(int64(len(s)))})
	}
	tests := map[string]struct {
		src   client.Source
		data  string
		patch []fake.Action
	}{
		"unknown length":                 {unknown(8), data, nil},
		"unknown length, in one request": {unknown(100), data, nil},
		"known length":                   {known(data, 8), data, nil},
		"known length, in one request":   {known(data, 100), data, nil},
		"many blocks":                    {known(long, 300<<10), long, nil},
		"empty":                          {client.Stream(clienttest.PlainReader(""), nil), "", nil},
		"sent again":                     {unknown(8), data, []fake.Action{nil, fake.Cut(1), fake.Cut(2), nil, fake.Lose}},
		"some kept only":                 {unknown(8), data, []fake.Action{fake.Keep(1), fake.Keep(3), nil, fake.Keep(2)}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := giving(t)
				s.On(http.MethodPatch, test.patch...)
				res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), test.src, verifying)
				if err != nil || !res.Verified {
					t.Errorf("verified %v, error %v, want Verified true and no error", res.Verified, err)
				}
				clienttest.WantStored(t, s, res.URL, test.data)
			})
		})
	}
	t.Run("damaged", func(t *testing.T) {
		s := giving(t)
		s.On(http.MethodPatch, nil, fake.Damage)
		res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), unknown(8), verifying)
		clienttest.WantErrorIs(t, err, client.ErrDifferent)
		if res.Verified {
			t.Error("verified")
		}
	})
}

func TestVerifySpooled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clienttest.OwnTempDir(t)
		s := fake.New(t, fake.Config{Extensions: []protocol.Extension{protocol.ExtensionCreation}, Content: true})
		data := clienttest.Noise(20)
		res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.SpooledSource(clienttest.PlainReader(data), 100), verifying)
		if err != nil || !res.Verified {
			t.Errorf("verified %v, error %v, want Verified true and no error", res.Verified, err)
		}
	})
}

// An upload that is resumed is verified completely, including the bytes of earlier runs.
func TestVerifyResumed(t *testing.T) {
	sources := map[string]func(*testing.T) client.Source{
		"file": func(t *testing.T) client.Source { t.Helper(); return clienttest.TextSource(t, "bytes") },
		"stream": func(*testing.T) client.Source {
			return client.Stream(clienttest.PlainReader("bytes"), &client.StreamOptions{Window: 2})
		},
		"stream of known length": func(*testing.T) client.Source {
			return client.Stream(iotest.OneByteReader(clienttest.PlainReader("bytes")), &client.StreamOptions{Window: 2, Length: protocol.Known(5)})
		},
	}
	tests := map[string]struct {
		stored string
		is     error
	}{
		"from nothing":                {"", nil},
		"in the middle":               {"byt", nil},
		"with other bytes before":     {"BYT", client.ErrDifferent},
		"complete":                    {"bytes", nil},
		"complete, with other bytes":  {"BYTES", client.ErrDifferent},
		"complete, but for the first": {"b", nil},
	}
	for kind, open := range sources {
		for name, test := range tests {
			t.Run(kind+", "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := giving(t)
					url := s.Put(test.stored, protocol.Known(5), nil)
					res, err := clienttest.NewClient(t, s, client.Config{}).Resume(t.Context(), url, open(t), verifying)
					wantVerified(t, res, err, test.is)
				})
			})
		}
	}
}

// A stream that is read only for its verification must have the announced length.
func TestVerifyStreamOfAnotherLength(t *testing.T) {
	for name, data := range map[string]string{"longer": "bytes!", "shorter": "byte"} {
		t.Run(name, func(t *testing.T) {
			s := giving(t)
			url := s.Put("bytes", protocol.Known(5), nil)
			src := client.Stream(clienttest.PlainReader(data), &client.StreamOptions{Length: protocol.Known(5)})
			res, err := clienttest.NewClient(t, s, client.Config{}).Resume(t.Context(), url, src, verifying)
			wantVerified(t, res, err, client.ErrSourceChanged)
		})
	}
	t.Run("broken", func(t *testing.T) {
		s := giving(t)
		url := s.Put("bytes", protocol.Known(5), nil)
		src := client.Stream(iotest.TimeoutReader(iotest.OneByteReader(clienttest.PlainReader("bytes"))), &client.StreamOptions{Length: protocol.Known(5)})
		res, err := clienttest.NewClient(t, s, client.Config{}).Resume(t.Context(), url, src, verifying)
		wantVerified(t, res, err, iotest.ErrTimeout)
	})
}

func TestVerifyParallel(t *testing.T) {
	data := clienttest.Noise(4 << 20)
	for name, test := range map[string]struct {
		patch []fake.Action
		is    error
	}{
		"right":   {nil, nil},
		"damaged": {[]fake.Action{nil, nil, fake.Damage}, client.ErrDifferent},
	} {
		t.Run(name, func(t *testing.T) {
			s := giving(t)
			s.On(http.MethodPatch, test.patch...)
			res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, data),
				&client.UploadOptions{Parallel: 4, Verify: true})
			if test.is != nil {
				clienttest.WantErrorIs(t, err, test.is)
			} else if err != nil {
				t.Fatal(err)
			}
			if res.Verified != (test.is == nil) || len(res.Parts) != 4 {
				t.Errorf("result %+v, want Verified %t and 4 in Parts", res, test.is == nil)
			}
		})
	}
}

// Without retries, the verification makes a single attempt.
func TestVerifyWithoutRetries(t *testing.T) {
	s := giving(t)
	s.On(http.MethodGet, fake.Status(503, ""))
	url := s.Put("", protocol.Known(5), nil)
	res, err := clienttest.ResumeOnce(t.Context(), clienttest.NewClient(t, s, client.Config{}), url, clienttest.TextSource(t, "bytes"), verifying)
	wantVerified(t, res, err, retry.ErrExhausted)
	clienttest.WantRequests(t, s, clienttest.Head, sentFive, clienttest.Head, clienttest.Head, get)
}
