package testserver_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

// OPTIONS announces exactly the enabled extensions.
func TestLayersAnnouncement(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		cfg        testserver.Config
		extensions []protocol.Extension
		algorithms []string
	}{
		{"no extension", testserver.Config{}, nil, nil},
		{
			"checksum",
			testserver.Config{Checksum: []string{"sha1", "crc32"}},
			[]protocol.Extension{protocol.ExtensionChecksum},
			[]string{"sha1", "crc32"},
		},
		{
			"checksum-trailer",
			testserver.Config{Checksum: []string{"sha1"}, ChecksumTrailer: true},
			[]protocol.Extension{protocol.ExtensionChecksum, protocol.ExtensionChecksumTrailer},
			[]string{"sha1"},
		},
		{
			"expiration",
			testserver.Config{Expiration: time.Hour},
			[]protocol.Extension{protocol.ExtensionExpiration},
			nil,
		},
		{
			"concatenation-unfinished",
			testserver.Config{ConcatUnfinished: true},
			[]protocol.Extension{protocol.ExtensionConcatenationUnfinished},
			nil,
		},
		{
			"all extensions",
			testserver.Config{
				Checksum: testserver.ChecksumAlgorithms(), ChecksumTrailer: true,
				Expiration: time.Hour, ConcatUnfinished: true,
			},
			[]protocol.Extension{
				protocol.ExtensionChecksum, protocol.ExtensionChecksumTrailer,
				protocol.ExtensionExpiration, protocol.ExtensionConcatenationUnfinished,
			},
			testserver.ChecksumAlgorithms(),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			plain := testserver.New(t, testserver.Config{})
			s := testserver.New(t, tt.cfg)
			options := func(s *testserver.Server) protocol.Capabilities {
				c, err := protocol.ParseCapabilities(mustDo(t, http.StatusOK, s.Client(), http.MethodOptions, s.URL(), nil).header)
				if err != nil {
					t.Fatal(err)
				}
				return c
			}
			want := options(plain)
			want.Extensions = append(want.Extensions, tt.extensions...)
			want.ChecksumAlgorithms = tt.algorithms
			if diff := cmp.Diff(want, options(s), compareLength); diff != "" {
				t.Errorf("capabilities (-want +got):\n%s", diff)
			}
		})
	}
}

// A Config with contradictory extensions is an error.
func TestLayersConfigErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		cfg  testserver.Config
		want string
	}{
		{testserver.Config{Checksum: []string{"sha1", "sha3"}}, `"sha3": want one of sha1`},
		{testserver.Config{Checksum: []string{"SHA1"}}, `"SHA1": want one of sha1`},
		{testserver.Config{Checksum: []string{"sha1", "md5", "sha1"}}, `"sha1": listed twice`},
		{testserver.Config{ChecksumTrailer: true}, "ChecksumTrailer requires Checksum"},
		{testserver.Config{Expiration: -1}, "expiration -1ns"},
		{testserver.Config{ConcatUnfinished: true, DisableConcatenation: true}, "ConcatUnfinished requires concatenation"},
	} {
		if s, err := testserver.Start(tt.cfg); err == nil {
			s.Close()
			t.Errorf("%s: Start succeeded, want an error", tt.want)
		} else if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %q, want it to contain %q", err, tt.want)
		}
		if _, err := testserver.Handler(t.TempDir(), tt.cfg); err == nil {
			t.Errorf("%s: Handler succeeded, want an error", tt.want)
		}
	}
}

// Faults and uploads work as usual with all extensions enabled.
func TestLayersAndFaults(t *testing.T) {
	t.Parallel()
	data := content(200_000)
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			cfg := tr.config
			cfg.Checksum, cfg.ChecksumTrailer = testserver.ChecksumAlgorithms(), true
			cfg.Expiration, cfg.ConcatUnfinished = time.Hour, true
			s := testserver.New(t, cfg)
			url := create(t, s, len(data), protocol.HeaderUploadMetadata, "filename eC50eHQ=")

			// A chunk without a checksum is stored up to the cut.
			s.Inject(testserver.Fault{Method: http.MethodPatch, Do: testserver.CutAfter(70_000)})
			_, err := patch(t.Context(), s, url, 0, data)
			wantReset(t, tr.proto, err)
			stored(t, s, url, data[:70_000])

			s.Inject(testserver.Fault{Method: http.MethodPatch, Do: testserver.RewindTo(50_000)})
			wantStatus(t, patchSum(t, s, url, 70_000, data[70_000:], sha1Of(data[70_000:])), http.StatusConflict)
			stored(t, s, url, data[:50_000])

			s.Inject(testserver.Fault{Method: http.MethodPatch, Do: testserver.OffsetDelta(-1)})
			r := patchSum(t, s, url, 50_000, data[50_000:], sha1Of(data[50_000:]))
			if wantStatus(t, r, http.StatusNoContent); r.offset(t) != 199_999 {
				t.Errorf("got offset %d, want 199999", r.offset(t))
			}
			stored(t, s, url, data)
			if got := mustInfo(t, s, url).Metadata["filename"]; got != "x.txt" {
				t.Errorf("got filename %q, want x.txt", got)
			}
			if got := mustDo(t, http.StatusOK, s.Client(), http.MethodGet, url, nil).body; got != string(data) {
				t.Errorf("GET: got %d bytes, want these %d", len(got), len(data))
			}

			s.Inject(testserver.Fault{Method: http.MethodHead, Do: testserver.Forget()})
			mustDo(t, http.StatusNotFound, s.Client(), http.MethodHead, url, nil)

			url = create(t, s, 10)
			mustDo(t, http.StatusNoContent, s.Client(), http.MethodDelete, url, nil)
			mustDo(t, http.StatusNotFound, s.Client(), http.MethodHead, url, nil)
		})
	}
}
