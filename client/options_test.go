package client_test

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/client/internal/fake/content"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// The retry policy of one call replaces that of the Client, in both directions.
func TestRetryOfCall(t *testing.T) {
	refusals := []fake.Action{fake.Status(503, ""), nil, fake.Status(503, "")}
	calls := map[string]func(t *testing.T, config, call retry.Policy) (retries int, err error){
		"Upload": func(t *testing.T, config, call retry.Policy) (int, error) {
			t.Helper()
			s := fake.New(t, fake.Config{})
			s.On(http.MethodPost, refusals[0])
			c := clienttest.NewClient(t, s, client.Config{Retry: config})
			res, err := c.Upload(t.Context(), clienttest.TextSource(t, "a"), &client.UploadOptions{Retry: call})
			return res.Retries, err
		},
		"UploadConcat": func(t *testing.T, config, call retry.Policy) (int, error) {
			t.Helper()
			s := fake.New(t, fake.Config{})
			s.On(http.MethodPost, refusals...) // the part, the part again, the join
			c := clienttest.NewClient(t, s, client.Config{Retry: config})
			res, err := c.UploadConcat(t.Context(), []client.Source{clienttest.TextSource(t, "a")}, &client.ConcatOptions{Retry: call})
			return res.Retries, err
		},
		"Download": func(t *testing.T, config, call retry.Policy) (int, error) {
			t.Helper()
			s := &content.Server{Data: "0123456789", ETag: `"v1"`, Script: []content.Step{content.Cut(5)}}
			c := clienttest.New(t, client.Config{Retry: config, Doer: s.Doer(t)})
			var b bytes.Buffer
			res, err := c.Download(t.Context(), content.URL, clienttest.WriteTo(&b), &client.DownloadOptions{Retry: call})
			return res.Retries, err
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if retries, err := call(t, retry.Never, clienttest.RetryEachSecond(3)); err != nil || retries == 0 {
					t.Errorf("a call that may retry: %d retries, %v, want not 0 and no error", retries, err)
				}
				if retries, err := call(t, clienttest.RetryEachSecond(3), retry.Never); !errors.Is(err, retry.ErrExhausted) || retries != 0 {
					t.Errorf("a call that must not retry: %d retries, %v", retries, err)
				}
			})
		})
	}
}

// The checksum of UploadConcat replaces that of the Client for each part.
func TestChecksumOfConcat(t *testing.T) {
	s := fake.New(t, fake.Config{
		Extensions: []protocol.Extension{protocol.ExtensionCreation, protocol.ExtensionConcatenation, protocol.ExtensionChecksum},
		Checksum:   client.ChecksumAlgorithms(),
	})
	c := clienttest.NewClient(t, s, client.Config{Checksum: "md5"})
	sources := []client.Source{clienttest.TextSource(t, "bytes"), clienttest.TextSource(t, "bytes")}
	if _, err := c.UploadConcat(t.Context(), sources, &client.ConcatOptions{Checksum: "sha1"}); err != nil {
		t.Fatal(err)
	}
	var algorithms []string
	for _, r := range s.Requests() {
		if r.Method == http.MethodPatch {
			algorithm, _, _ := strings.Cut(r.Header.Get(protocol.HeaderUploadChecksum), " ")
			algorithms = append(algorithms, algorithm)
		}
	}
	if !slices.Equal(algorithms, []string{"sha1", "sha1"}) {
		t.Errorf("algorithms of the requests: %q, want %q", algorithms, []string{"sha1", "sha1"})
	}
	_, err := c.UploadConcat(t.Context(), sources, &client.ConcatOptions{Checksum: "xxh3"})
	clienttest.WantErrorIs(t, err, client.ErrInvalidOption)
}
