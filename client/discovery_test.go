package client_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/retry"
)

// A firewall that drops OPTIONS, or a gateway that answers it with an error, costs a few seconds
// once, and not the stall timeout or all retries for each upload.
func TestOptionsWithoutAnswer(t *testing.T) {
	const rounds = 2
	tests := map[string]struct {
		config  client.Config
		options *client.UploadOptions
		lose    bool // the connection breaks, instead of silence
		status  int  // of an answer, instead of silence; 0: none
		asked   int  // most OPTIONS in all; net/http repeats one on a reused connection
		most    time.Duration
	}{
		"learned":                       {asked: 1, most: 4 * time.Second},
		"in parts":                      {options: &client.UploadOptions{Parallel: 2}, asked: 1, most: 4 * time.Second},
		"checksum if there is one":      {config: client.Config{Checksum: client.ChecksumAuto}, asked: 1, most: 4 * time.Second},
		"a shorter stall timeout":       {config: client.Config{StallTimeout: time.Second}, asked: 1, most: time.Second},
		"no stall timeout":              {config: client.Config{StallTimeout: -1}, asked: 1, most: 4 * time.Second},
		"broken connections":            {lose: true, asked: 3, most: 2 * time.Second},
		"errors of a gateway":           {status: 502, asked: 3, most: 3 * time.Second},
		"errors of a gateway and parts": {status: 503, options: &client.UploadOptions{Parallel: 2}, asked: 3, most: 3 * time.Second},
		"errors and a checksum":         {status: 500, config: client.Config{Checksum: client.ChecksumAuto}, asked: 3, most: 3 * time.Second},
		"broken connections with parts": {lose: true, options: &client.UploadOptions{Parallel: 2}, asked: 3, most: 2 * time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				action := s.Hang(0)
				switch {
				case test.lose:
					action = fake.Lose
				case test.status != 0:
					action = fake.Status(test.status, "")
				}
				s.On(http.MethodOptions, clienttest.Repeat(20, action)...)
				test.config.Concurrency = 1
				test.config.Retry = retry.Backoff{Initial: time.Second}
				c := clienttest.NewClient(t, s, test.config)
				began := time.Now()
				for range rounds {
					var items []client.Item
					for _, size := range []int{clienttest.FourPartsSize, 1 << 10} {
						items = append(items, client.Item{Source: client.Bytes([]byte(clienttest.Noise(size))), Options: test.options})
					}
					if _, err := c.UploadAll(t.Context(), items); err != nil {
						t.Fatal(err)
					}
				}
				if took := time.Since(began); took > test.most {
					t.Errorf("took %v, want %v at most", took, test.most)
				}
				if asked := clienttest.RequestCounts(s, 0)["OPTIONS"]; asked == 0 || asked > test.asked {
					t.Errorf("%d times OPTIONS, want 1 to %d", asked, test.asked)
				}
			})
		})
	}
}

// An upload that needs the answer to OPTIONS asks three times if a firewall drops it, and as
// often as Config.Retry allows if the server fails.
func TestRequiredOptionsWithoutAnswer(t *testing.T) {
	tests := map[string]struct {
		status int // of the answer; 0: silence
		want   error
		asked  int
		most   time.Duration
	}{
		"silence":        {0, client.ErrUnsupported, 3, 50 * time.Second},
		"failing server": {503, retry.ErrExhausted, 6, time.Minute},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				action := s.Hang(0)
				if test.status != 0 {
					action = fake.Status(test.status, "")
				}
				s.On(http.MethodOptions, clienttest.Repeat(20, action)...)
				c := clienttest.NewClient(t, s, client.Config{Retry: clienttest.RetryEachSecond(5)})
				began := time.Now()
				_, err := c.UploadConcat(t.Context(), []client.Source{clienttest.TextSource(t, "a"), clienttest.TextSource(t, "b")}, nil)
				clienttest.WantErrorIs(t, err, test.want)
				if took := time.Since(began); took > test.most {
					t.Errorf("took %v, want %v at most", took, test.most)
				}
				if counts := clienttest.RequestCounts(s, 0); counts["OPTIONS"] != test.asked || len(counts) != 1 {
					t.Errorf("requests %v, want %d times OPTIONS", counts, test.asked)
				}
			})
		})
	}
}

// A server that was silent is asked again later, and a caller that needs the answer waits
// for it longer than others.
func TestOptionsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := clienttest.NewChecksumServer(t, "sha256")
		s.On(http.MethodOptions, s.Hang(0))
		c := clienttest.NewClient(t, s, client.Config{Retry: clienttest.RetryEachSecond(3)})
		clienttest.WantErrorIs(t, c.Learn(t.Context()), client.ErrStalled)
		clienttest.WantErrorIs(t, c.Learn(t.Context()), client.ErrStalled)
		clienttest.WantRequests(t, s, clienttest.Options)
		time.Sleep(time.Hour)
		if err := c.Learn(t.Context()); err != nil {
			t.Fatal(err)
		}
		clienttest.WantRequests(t, s, clienttest.Options, clienttest.Options)
	})
	synctest.Test(t, func(t *testing.T) {
		s := clienttest.NewChecksumServer(t, "sha256")
		s.On(http.MethodOptions, answeredAfter(10*time.Second))
		c := clienttest.NewClient(t, s, client.Config{Checksum: "sha256", Retry: clienttest.RetryEachSecond(3)})
		if _, err := c.Upload(t.Context(), clienttest.TextSource(t, "bytes"), nil); err != nil {
			t.Fatal(err)
		}
		clienttest.WantRequests(t, s, clienttest.Options, clienttest.Post, "PATCH /files/1 0+5 sha256")
	})
}

// answeredAfter lets the server answer after d.
func answeredAfter(d time.Duration) fake.Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		time.Sleep(d)
		next.ServeHTTP(w, r)
	}
}
