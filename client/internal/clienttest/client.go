package clienttest

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
)

// NewClient returns a client of s. The zero values of Config.Endpoint and Config.Doer mean
// those of s.
func NewClient(t *testing.T, s *fake.Server, cfg client.Config) *client.Client {
	t.Helper()
	if cfg.Endpoint == "" {
		cfg.Endpoint = s.URL
	}
	if cfg.Doer == nil {
		cfg.Doer = s.Doer()
	}
	c, err := client.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// RetryEachSecond allows n retries, each after one second.
func RetryEachSecond(n int) retry.Policy {
	waits := make([]time.Duration, n)
	for i := range waits {
		waits[i] = time.Second
	}
	return retry.Delays(waits...)
}

// ResumeOnce calls c.Resume without retries. opts may be nil.
func ResumeOnce(ctx context.Context, c *client.Client, url string, src client.Source, opts *client.UploadOptions) (*client.Result, error) {
	var o client.UploadOptions
	if opts != nil {
		o = *opts
	}
	o.Retry = retry.Never
	return c.Resume(ctx, url, src, &o)
}

// Unfinished returns the record from which an upload of src would resume, and whether
// there is one.
func Unfinished(ctx context.Context, c *client.Client, src client.Source) (client.Record, bool, error) {
	known, err := c.Lookup(ctx, src)
	if err != nil || known.Unfinished == nil {
		return client.Record{}, false, err
	}
	return *known.Unfinished, true, nil
}

// Finished returns the record of a finished upload of src, and whether there is one.
func Finished(ctx context.Context, c *client.Client, src client.Source) (client.Record, bool, error) {
	known, err := c.Lookup(ctx, src)
	if err != nil || known.Finished == nil {
		return client.Record{}, false, err
	}
	return *known.Finished, true, nil
}

// AnyOriginIf returns a value of Config.TrustedOrigins: every origin if trusted is true,
// and none otherwise.
func AnyOriginIf(trusted bool) []string {
	if trusted {
		return []string{client.AnyOrigin}
	}
	return nil
}

// NewLearnedClient returns a client of s that already has the answer of s to OPTIONS.
func NewLearnedClient(t *testing.T, s *fake.Server, cfg client.Config) *client.Client {
	t.Helper()
	c := NewClient(t, s, cfg)
	if err := c.Learn(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

// NewRecordingClient returns a client of s with a [RecordingConfig].
func NewRecordingClient(t *testing.T, s *fake.Server, store client.Store, log *bytes.Buffer) *client.Client {
	t.Helper()
	return NewClient(t, s, RecordingConfig(store, log))
}

// RecordingConfig returns a configuration that keeps records in store, sends chunks of
// [ChunkSize], does not retry, and logs to log. nil: no log.
func RecordingConfig(store client.Store, log *bytes.Buffer) client.Config {
	cfg := client.Config{Store: store, ChunkSize: ChunkSize, Retry: retry.Never}
	if log != nil {
		cfg.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	return cfg
}

// OverTLS returns a configuration with an https endpoint. Its Doer sends the requests to
// s without TLS, but the client sees https everywhere.
func OverTLS(s *fake.Server) client.Config {
	return client.Config{
		Endpoint: strings.Replace(s.URL, "http:", "https:", 1),
		Doer: transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
			plain := req.Clone(req.Context())
			plain.URL.Scheme = "http"
			resp, err := s.Doer().Do(plain)
			if resp != nil {
				resp.Request = req
			}
			return resp, err
		}),
	}
}

// PartsConfig is like [RecordingConfig], but the chunk size is not limited, so that each
// part is one request.
func PartsConfig(store client.Store, log *bytes.Buffer) client.Config {
	cfg := RecordingConfig(store, log)
	cfg.ChunkSize = 0
	return cfg
}

// UploadFile uploads the file called name with a new client of s. An error ends the test.
func UploadFile(t *testing.T, s *fake.Server, cfg client.Config, name string) *client.Result {
	t.Helper()
	res, err := NewClient(t, s, cfg).Upload(t.Context(), PathSource(t, name), nil)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// New returns a client without a server. cfg is used as it is.
func New(t *testing.T, cfg client.Config) *client.Client {
	t.Helper()
	c, err := client.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
