package client_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

const (
	askAt1 = "OPTIONS /files/1"

	withoutChecksums = "sending without checksums: the server announces no algorithm that the client knows"
)

func TestChecksum(t *testing.T) {
	const chunk = "PATCH /files/1 0+5"
	extension := []protocol.Extension{protocol.ExtensionCreation, protocol.ExtensionChecksum}
	plain := extension[:1]
	all := client.ChecksumAlgorithms()
	tests := map[string]struct {
		checksum   string
		extensions []protocol.Extension
		announced  []string
		want       string // the PATCH; "": only OPTIONS is sent
		said       bool   // the log says that there is no checksum
	}{
		"none wanted": {"", extension, all, chunk, false},

		"sha1":   {"sha1", extension, all, chunk + " sha1", false},
		"md5":    {"md5", extension, all, chunk + " md5", false},
		"crc32":  {"crc32", extension, all, chunk + " crc32", false},
		"sha256": {"sha256", extension, all, chunk + " sha256", false},
		"sha512": {"sha512", extension, all, chunk + " sha512", false},

		"the best":                      {"auto", extension, all, chunk + " sha256", false},
		"the best, in another order":    {"auto", extension, []string{"crc32", "md5", "sha512"}, chunk + " sha512", false},
		"the only one":                  {"auto", extension, []string{"md5"}, chunk + " md5", false},
		"the only one that is known":    {"auto", extension, []string{"xxh3", "crc32c", "sha1"}, chunk + " sha1", false},
		"the best, of none":             {"auto", plain, nil, chunk, true},
		"the best, of none that exists": {"auto", extension, []string{"xxh3"}, chunk, true},
		"the best, of no list":          {"auto", extension, nil, chunk, true},
		"the best, of a list only":      {"auto", plain, all, chunk, true},

		"another is announced": {"sha256", extension, []string{"sha1"}, "", false},
		"no list is announced": {"sha256", extension, nil, "", false},
		"a list only":          {"sha256", plain, all, "", false},
		"nothing is announced": {"sha256", plain, nil, "", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := fake.New(t, fake.Config{Extensions: test.extensions, Checksum: test.announced})
			var log bytes.Buffer
			cfg := clienttest.RecordingConfig(nil, &log)
			cfg.Checksum = test.checksum
			res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.TextSource(t, "bytes"), nil)
			if test.want == "" {
				clienttest.WantErrorIs(t, err, client.ErrUnsupported)
				clienttest.WantRequests(t, s, clienttest.Options)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := []string{clienttest.Options, clienttest.Post, test.want}
			if test.checksum == "" {
				want = want[1:]
			}
			clienttest.WantRequests(t, s, want...)
			clienttest.WantStored(t, s, res.URL, "bytes")
			if test.said {
				clienttest.WantLogged(t, &log, slog.LevelInfo, withoutChecksums)
			} else if strings.Contains(log.String(), withoutChecksums) {
				t.Errorf("log, want no warning about checksums:\n%s", &log)
			}
		})
	}
}

func TestChecksumInvalid(t *testing.T) {
	for _, name := range []string{"SHA256", "sha3", "auto ", "sha1,md5"} {
		if _, err := client.New(client.Config{Checksum: name}); err == nil {
			t.Errorf("New accepts the algorithm %q", name)
		} else {
			clienttest.WantErrorIs(t, err, client.ErrInvalidOption)
		}
	}
}

// A server that does not support OPTIONS, or that fails to answer it three times in a row, has
// no checksums. OPTIONS is retried after a temporary failure.
func TestChecksumUnknown(t *testing.T) {
	const sent = "PATCH /files/1 0+5"
	tests := map[string]struct {
		checksum string
		options  []fake.Action
		want     []string
		is       error
	}{
		"404":                {"auto", []fake.Action{fake.Status(404, "")}, []string{clienttest.Options, clienttest.Post, sent}, nil},
		"405":                {"auto", []fake.Action{fake.Status(405, "")}, []string{clienttest.Options, clienttest.Post, sent}, nil},
		"404, one is wanted": {"sha1", []fake.Action{fake.Status(404, "")}, []string{clienttest.Options}, client.ErrUnsupported},
		"401":                {"auto", []fake.Action{fake.Status(401, "")}, []string{clienttest.Options}, protocol.ErrUnauthorized},
		"503":                {"auto", []fake.Action{fake.Status(503, ""), nil}, []string{clienttest.Options, clienttest.Options, clienttest.Post, sent + " sha256"}, nil},
		"503 for ever, one is wanted": {
			"sha1",
			[]fake.Action{fake.Status(503, ""), fake.Status(503, ""), fake.Status(503, "")},
			[]string{clienttest.Options, clienttest.Options, clienttest.Options},
			retry.ErrExhausted,
		},
		"a wait is asked for": {
			"auto",
			clienttest.Repeat(3, fake.Status(502, "", "Retry-After", "3")),
			[]string{clienttest.Options, clienttest.Options, clienttest.Options},
			retry.ErrExhausted,
		},
		"503 for ever": {
			"auto",
			[]fake.Action{fake.Status(503, ""), fake.Status(503, ""), fake.Status(503, "")},
			[]string{clienttest.Options, clienttest.Options, clienttest.Options, clienttest.Post, sent},
			nil,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := clienttest.NewChecksumServer(t, "sha256", "sha1")
				s.On(http.MethodOptions, test.options...)
				c := clienttest.NewClient(t, s, client.Config{Checksum: test.checksum, Retry: clienttest.RetryEachSecond(2)})
				_, err := c.Upload(t.Context(), clienttest.TextSource(t, "bytes"), nil)
				clienttest.WantRequests(t, s, test.want...)
				if test.is != nil {
					clienttest.WantErrorIs(t, err, test.is)
				} else if err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// The server of the endpoint gets one OPTIONS. The server of an upload elsewhere gets one for
// each upload, because its answer is not kept.
func TestChecksumAskedOnce(t *testing.T) {
	const sent = " 0+5 sha1"
	other := "http://other.example/files/"
	tests := map[string]struct {
		endpoint string
		url      func(string) string
		want     []string // of two calls of Resume
	}{
		"server of the endpoint": {
			"", func(u string) string { return u },
			[]string{askAt1, clienttest.Head, "PATCH /files/1" + sent, "HEAD /files/2", "PATCH /files/2" + sent},
		},
		"another server": {
			"", func(u string) string { return strings.Replace(u, "tus.example", "other.example", 1) },
			[]string{askAt1, clienttest.Head, "PATCH /files/1" + sent, "OPTIONS /files/2", "HEAD /files/2", "PATCH /files/2" + sent},
		},
		"the endpoint is another server": {
			other, func(u string) string { return u },
			[]string{askAt1, clienttest.Head, "PATCH /files/1" + sent, "OPTIONS /files/2", "HEAD /files/2", "PATCH /files/2" + sent},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := clienttest.NewChecksumServer(t, "sha1")
			c := clienttest.NewClient(t, s, client.Config{Endpoint: test.endpoint, Checksum: "auto"})
			for range 2 {
				url := test.url(s.Put("", protocol.Known(5), nil))
				if _, err := c.Resume(t.Context(), url, clienttest.TextSource(t, "bytes"), nil); err != nil {
					t.Fatal(err)
				}
			}
			clienttest.WantRequests(t, s, test.want...)
		})
	}
	t.Run("uploads", func(t *testing.T) {
		s := clienttest.NewChecksumServer(t, "sha1")
		c := clienttest.NewClient(t, s, client.Config{Checksum: "auto"})
		for range 2 {
			if _, err := c.Upload(t.Context(), clienttest.TextSource(t, "bytes"), nil); err != nil {
				t.Fatal(err)
			}
		}
		clienttest.WantRequests(t, s, clienttest.Options, clienttest.Post, "PATCH /files/1"+sent, clienttest.Post, "PATCH /files/2"+sent)
	})
	t.Run("no endpoint", func(t *testing.T) {
		s := clienttest.NewChecksumServer(t, "sha1")
		c, err := client.New(client.Config{Doer: s.Doer(), Checksum: "auto"})
		if err != nil {
			t.Fatal(err)
		}
		url := s.Put("by", protocol.Known(5), nil)
		if _, err := c.Resume(t.Context(), url, clienttest.TextSource(t, "bytes"), nil); err != nil {
			t.Fatal(err)
		}
		clienttest.WantRequests(t, s, askAt1, clienttest.Head, "PATCH /files/1 2+3 sha1")
		clienttest.WantStored(t, s, url, "bytes")
	})
}

// A checksum before the bytes limits the chunk size, because the bytes are read twice.
func TestChecksumChunks(t *testing.T) {
	const most = 16 << 20
	tests := map[string]struct {
		cfg  client.Config
		size int
		want []string
	}{
		"default": {client.Config{}, most + 1, []string{"PATCH /files/1 0+16777216 md5", "PATCH /files/1 16777216+1 md5"}},
		"given":   {client.Config{ChunkSize: 3}, 5, []string{"PATCH /files/1 0+3 md5", "PATCH /files/1 3+2 md5"}},
		"given, more than the default": {
			client.Config{ChunkSize: 2 * most}, most + 1, []string{"PATCH /files/1 0+16777217 md5"},
		},
		"of a rule": {
			client.Config{Limits: client.Limits{Multiple: most - 1}},
			2*most - 1,
			[]string{"PATCH /files/1 0+33554430 md5", "PATCH /files/1 33554430+1 md5"},
		},
		"nothing": {client.Config{}, 0, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := clienttest.NewChecksumServer(t, "md5")
			test.cfg.Checksum = "auto"
			data := clienttest.Noise(test.size)
			res, err := clienttest.NewClient(t, s, test.cfg).Upload(t.Context(), clienttest.TextSource(t, data), nil)
			if err != nil {
				t.Fatal(err)
			}
			clienttest.WantRequests(t, s, append([]string{clienttest.Options, clienttest.Post}, test.want...)...)
			clienttest.WantStored(t, s, res.URL, data)
		})
	}
}

// A creation carries no bytes if they need a checksum, because servers need not check the
// checksum of a creation.
func TestChecksumNotInline(t *testing.T) {
	for name, test := range map[string]struct {
		announced []string
		want      []string
	}{
		"with one":    {[]string{"sha1"}, []string{clienttest.Options, clienttest.Post, "PATCH /files/1 0+5 sha1"}},
		"without one": {nil, []string{clienttest.Options, clienttest.Post + " +5"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := fake.New(t, fake.Config{
				Extensions: []protocol.Extension{protocol.ExtensionCreation, protocol.ExtensionCreationWithUpload, protocol.ExtensionChecksum},
				Checksum:   test.announced,
			})
			c := clienttest.NewClient(t, s, client.Config{Checksum: "auto"})
			res, err := c.Upload(t.Context(), clienttest.TextSource(t, "bytes"), nil)
			if err != nil {
				t.Fatal(err)
			}
			clienttest.WantRequests(t, s, test.want...)
			clienttest.WantStored(t, s, res.URL, "bytes")
		})
	}
}

// Each chunk of a stream has a checksum. A refused chunk does not declare the length.
func TestChecksumOfStreams(t *testing.T) {
	const kept = 8
	data := clienttest.Noise(10)
	spooling := func(t *testing.T) client.Source {
		t.Helper()
		clienttest.OwnTempDir(t)
		return clienttest.SpooledSource(strings.NewReader(data), 100)
	}
	tests := map[string]struct {
		open  func(*testing.T) client.Source
		needy bool
		patch []fake.Action
		want  []string
	}{
		"unknown length": {
			func(*testing.T) client.Source { return clienttest.StreamSource(data, kept) }, false, nil,
			[]string{"PATCH /files/1 0+4 sha1", "PATCH /files/1 4+4 sha1", "PATCH /files/1 8+2 of 10 sha1"},
		},
		"unknown length, damaged": {
			func(*testing.T) client.Source { return clienttest.StreamSource(data, kept) }, false,
			[]fake.Action{nil, fake.Damage, nil, fake.Damage},
			[]string{
				"PATCH /files/1 0+4 sha1", "PATCH /files/1 4+4 sha1", clienttest.Head, "PATCH /files/1 4+4 sha1",
				"PATCH /files/1 8+2 of 10 sha1", clienttest.Head, "PATCH /files/1 8+2 of 10 sha1",
			},
		},
		"known length": {
			func(*testing.T) client.Source {
				return client.Stream(clienttest.PlainReader(data), &client.StreamOptions{Window: kept, Length: protocol.Known(10)})
			}, false,
			[]fake.Action{fake.Damage},
			[]string{"PATCH /files/1 0+4 sha1", clienttest.Head, "PATCH /files/1 0+4 sha1", "PATCH /files/1 4+4 sha1", "PATCH /files/1 8+2 sha1"},
		},
		"empty": {func(*testing.T) client.Source { return clienttest.StreamSource("", kept) }, false, nil, nil},
		"spooled": {
			spooling, true,
			[]fake.Action{fake.Damage},
			[]string{"PATCH /files/1 0+10 sha1", clienttest.Head, "PATCH /files/1 0+10 sha1"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := clienttest.NewChecksumServer(t, "sha1")
			if test.needy {
				s = fake.New(t, fake.Config{
					Extensions: []protocol.Extension{protocol.ExtensionCreation, protocol.ExtensionChecksum}, Checksum: []string{"sha1"},
				})
			}
			s.On(http.MethodPatch, test.patch...)
			c := clienttest.NewClient(t, s, client.Config{Checksum: "auto", Retry: retry.Delays(0, 0)})
			res, err := c.Upload(t.Context(), test.open(t), nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(append([]string{clienttest.Options, clienttest.Post}, test.want...), s.Seen()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			want := data
			if name == "empty" {
				want = ""
			}
			clienttest.WantStored(t, s, res.URL, want)
		})
	}
}
