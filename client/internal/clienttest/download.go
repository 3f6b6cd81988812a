package clienttest

import (
	"bytes"
	"io"
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/fake/content"
)

// WriteTo returns an argument of Client.Download that writes the content to w from the
// first byte.
func WriteTo(w io.Writer) func(client.Content) (io.Writer, int64, error) {
	return func(client.Content) (io.Writer, int64, error) { return w, 0, nil }
}

// Download downloads from s and returns the bytes. A nil cfg.Doer means that of s.
func Download(t *testing.T, s *content.Server, cfg client.Config) (string, *client.DownloadResult, error) {
	t.Helper()
	if cfg.Doer == nil {
		cfg.Doer = s.Doer(t)
	}
	var b bytes.Buffer
	res, err := New(t, cfg).Download(t.Context(), content.URL, WriteTo(&b), nil)
	if res.Offset != int64(b.Len()) {
		t.Errorf("result has offset %d, want %v, but %d bytes were written", res.Offset, int64(b.Len()), b.Len())
	}
	return b.String(), res, err
}
