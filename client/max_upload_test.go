package client_test

import (
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// If the server announces that it takes no upload as large as the joined one, no part is
// created. A source that could be sent in parts is declared in one piece, so that the server
// decides. Its 413 names the limit.
func TestMaxUpload(t *testing.T) {
	limited := fake.With(protocol.HeaderMaxSize, "9")
	tooLarge := fake.Status(413, "ERR_MAX_SIZE_EXCEEDED: maximum size exceeded\n", protocol.HeaderResumable, protocol.Version)
	t.Run("several sources", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			s.On(http.MethodOptions, limited)
			sources := []client.Source{clienttest.TextSource(t, "hello"), clienttest.TextSource(t, "world")}
			_, err := clienttest.NewClient(t, s, client.Config{}).UploadConcat(t.Context(), sources, nil)
			clienttest.WantErrorIs(t, err, client.ErrUnsupported, protocol.ErrTooLarge)
			if !strings.Contains(err.Error(), "10 bytes: the largest upload has 9 bytes") {
				t.Errorf("error %q does not name the limit", err)
			}
			clienttest.WantRequests(t, s, clienttest.Options)
		})
	})
	t.Run("sources with more bytes than an offset can count", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			huge, err := client.ReaderAt(strings.NewReader(""), math.MaxInt64)
			if err != nil {
				t.Fatal(err)
			}
			_, err = clienttest.NewClient(t, s, client.Config{}).UploadConcat(t.Context(), []client.Source{huge, huge}, nil)
			clienttest.WantErrorIs(t, err, client.ErrInvalidOption)
			clienttest.WantRequests(t, s)
		})
	})
	t.Run("parts of a source", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			s.On(http.MethodOptions, limited)
			s.On(http.MethodPost, tooLarge)
			src := clienttest.PathSource(t, clienttest.WriteFile(t, clienttest.Noise(clienttest.FourPartsSize)))
			_, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), src, &client.UploadOptions{Parallel: 4})
			clienttest.WantErrorIs(t, err, protocol.ErrTooLarge)
			if !strings.Contains(err.Error(), "the largest upload of the server has 9 bytes") {
				t.Errorf("error %q does not name the limit", err)
			}
			clienttest.WantRequests(t, s, clienttest.Options, clienttest.Post)
		})
	})
	t.Run("within the limit", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			s.On(http.MethodOptions, limited)
			sources := []client.Source{clienttest.TextSource(t, "hello"), clienttest.StreamSource("you", 8)}
			if _, err := clienttest.NewClient(t, s, client.Config{}).UploadConcat(t.Context(), sources, nil); err != nil {
				t.Error(err)
			}
		})
	})
}
