package testserver_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

// patchTrailer sends data without a Content-Length, with a trailer of the given
// name. A sum of "" announces the trailer and does not send it.
func patchTrailer(ctx context.Context, s *testserver.Server, url string, data []byte, name, sum string, header ...string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPatch, url, io.MultiReader(bytes.NewReader(data)))
	if err != nil {
		return 0, err
	}
	// Go's HTTP/2 server closes the connection if a trailer arrives after it
	// has reset the stream. The transport then has to send the next request
	// again.
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
	req.Header = http.Header{
		protocol.HeaderResumable: {protocol.Version}, protocol.HeaderUploadOffset: {"0"},
		protocol.HeaderContentType: {protocol.ContentType},
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	req.Trailer = http.Header{name: nil}
	if sum != "" {
		req.Trailer.Set(name, sum)
	}
	res, err := s.Client().Do(req)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

// A checksum in a trailer is verified like one in a header.
func TestChecksumTrailer(t *testing.T) {
	t.Parallel()
	data := content(2_000_000)
	good, bad := sha1Of(data), sha1Of(nil)
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			cfg := tr.config
			cfg.Checksum, cfg.ChecksumTrailer = []string{"sha1"}, true
			s := testserver.New(t, cfg)
			for _, tt := range []struct {
				name    string
				trailer string
				sum     string
				header  string
				status  int
			}{
				{"match", protocol.HeaderUploadChecksum, good, "", 204},
				{"mismatch", protocol.HeaderUploadChecksum, bad, "", 460},
				{"algorithm not announced", protocol.HeaderUploadChecksum, helloSums[4], "", 400},
				{"malformed", protocol.HeaderUploadChecksum, "sha1", "", 400},
				{"announced but not sent", protocol.HeaderUploadChecksum, "", "", 400},
				{"another trailer", "X-Checksum", bad, "", 204},
				{"header and trailer", protocol.HeaderUploadChecksum, good, good, 204},
				{"header does not match", protocol.HeaderUploadChecksum, good, bad, 460},
				{"trailer does not match", protocol.HeaderUploadChecksum, bad, good, 460},
			} {
				t.Run(tt.name, func(t *testing.T) {
					t.Parallel()
					url := create(t, s, len(data))
					var header []string
					if tt.header != "" {
						header = []string{protocol.HeaderUploadChecksum, tt.header}
					}
					got, err := patchTrailer(t.Context(), s, url, data, tt.trailer, tt.sum, header...)
					if err != nil || got != tt.status {
						t.Fatalf("got %d, %v; want %d", got, err, tt.status)
					}
					if tt.status == http.StatusNoContent {
						stored(t, s, url, data)
						return
					}
					stored(t, s, url, nil)
					if got := head(t, s, url); got != 0 {
						t.Errorf("got offset %d, want 0", got)
					}
				})
			}
		})
	}
}

// A cut body has no trailer, so its chunk is lost. A buffering proxy forwards
// the trailer.
func TestChecksumTrailerAndFaults(t *testing.T) {
	t.Parallel()
	data := content(100_000)
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			cfg := tr.config
			cfg.Checksum, cfg.ChecksumTrailer = []string{"sha1"}, true
			s := testserver.New(t, cfg)
			url := create(t, s, len(data))
			s.Inject(
				testserver.Fault{Method: http.MethodPatch, Do: testserver.CutAfter(50_000)},
				testserver.Fault{Method: http.MethodPatch, Do: testserver.Buffer()},
				testserver.Fault{Method: http.MethodPatch, Do: testserver.Buffer()},
			)
			_, err := patchTrailer(t.Context(), s, url, data, protocol.HeaderUploadChecksum, sha1Of(data))
			wantReset(t, tr.proto, err)
			stored(t, s, url, nil)
			for _, tt := range []struct {
				sum    string
				status int
			}{{sha1Of(nil), 460}, {sha1Of(data), 204}} {
				got, err := patchTrailer(t.Context(), s, url, data, protocol.HeaderUploadChecksum, tt.sum)
				if err != nil || got != tt.status {
					t.Fatalf("got %d, %v; want %d", got, err, tt.status)
				}
			}
			stored(t, s, url, data)
		})
	}
}

// Without checksum-trailer, a trailer is ignored.
func TestChecksumTrailerDisabled(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{Checksum: []string{"sha1"}})
	data := content(1000)
	url := create(t, s, len(data))
	got, err := patchTrailer(t.Context(), s, url, data, protocol.HeaderUploadChecksum, sha1Of(nil))
	if err != nil || got != http.StatusNoContent {
		t.Fatalf("got %d, %v; want 204", got, err)
	}
	stored(t, s, url, data)
}
