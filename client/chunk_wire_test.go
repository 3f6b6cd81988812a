package client_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// sizesOf returns the sizes of the bodies of all PATCH requests, including refused ones.
func sizesOf(s *fake.Server) []int64 {
	var list []int64
	for _, r := range s.Requests() {
		if r.Method == http.MethodPatch {
			list = append(list, r.Size)
		}
	}
	return list
}

// wantRule checks that all sizes except the last obey a rule.
func wantRule(t *testing.T, rule client.Limits, sizes []int64) {
	t.Helper()
	for _, n := range sizes[:max(0, len(sizes)-1)] {
		if n < rule.MinRequest || rule.MaxRequest > 0 && n > rule.MaxRequest || rule.Multiple > 1 && n%rule.Multiple != 0 {
			t.Errorf("a chunk has %d bytes with limits %+v", n, rule)
		}
	}
	if last := sizes[len(sizes)-1]; rule.MaxRequest > 0 && last > rule.MaxRequest {
		t.Errorf("the last chunk has %d bytes with limits %+v", last, rule)
	}
}

func TestChunksObeyRule(t *testing.T) {
	tests := map[string]struct {
		rule client.Limits
		size int64 // ChunkSize
		n    int
		want []int64
	}{
		"no chunk size":             {client.Limits{MinRequest: 8, MaxRequest: 16, Multiple: 4}, 0, 37, []int64{16, 16, 5}},
		"chunk size":                {client.Limits{MinRequest: 8, MaxRequest: 16, Multiple: 4}, 12, 37, []int64{12, 12, 12, 1}},
		"maximum is not a multiple": {client.Limits{MaxRequest: 15, Multiple: 4}, 0, 26, []int64{12, 12, 2}},
		"only one chunk":            {client.Limits{MinRequest: 8, MaxRequest: 16, Multiple: 4}, 0, 3, []int64{3}},
		"exactly two":               {client.Limits{MinRequest: 8, MaxRequest: 16, Multiple: 4}, 0, 32, []int64{16, 16}},
		"no maximum":                {client.Limits{MinRequest: 8, Multiple: 4}, 0, 37, []int64{37}},
		"only a minimum":            {client.Limits{MinRequest: 8}, 8, 20, []int64{8, 8, 4}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for kind, source := range map[string]func(string) client.Source{
				"file":   func(data string) client.Source { return clienttest.TextSource(t, data) },
				"stream": func(data string) client.Source { return clienttest.StreamSource(data, 4) },
			} {
				s := fake.New(t, fake.Config{})
				data := clienttest.Noise(test.n)
				c := clienttest.NewClient(t, s, client.Config{Limits: test.rule, ChunkSize: test.size})
				res, err := c.Upload(t.Context(), source(data), nil)
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, data)
				got := sizesOf(s)
				wantRule(t, test.rule, got)
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("sizes of a %s (-want +got):\n%s", kind, diff)
				}
			}
		})
	}
}

// Without a chunk size, a stream is sent in the chunk size of the rule that is closest to half
// of the default window.
func TestStreamObeysRule(t *testing.T) {
	const mib = 1 << 20
	tests := map[string]struct {
		rule client.Limits
		want int64
	}{
		"odd multiple":         {client.Limits{Multiple: 3 * mib}, 6 * mib},
		"large minimum":        {client.Limits{MinRequest: 5 * mib}, 5 * mib},
		"small maximum":        {client.Limits{MaxRequest: mib + 1}, mib + 1},
		"default size allowed": {client.Limits{MinRequest: mib, MaxRequest: 8 * mib, Multiple: mib}, 4 * mib},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			data := clienttest.Noise(7*mib + 1)
			res, err := clienttest.NewClient(t, s, client.Config{Limits: test.rule}).Upload(t.Context(), clienttest.StreamSource(data, 0), nil)
			if err != nil {
				t.Fatal(err)
			}
			clienttest.WantStored(t, s, res.URL, data)
			got := sizesOf(s)
			wantRule(t, test.rule, got)
			if got[0] != test.want {
				t.Errorf("sizes %d, want %d", got, test.want)
			}
		})
	}
}

// Chunks that a proxy refuses are halved as far as the rule allows.
func TestRuleWithinProxyLimit(t *testing.T) {
	tests := map[string]struct {
		rule  client.Limits
		limit int64
		want  []int64 // sizes tried, in KiB; the last one is used from then on
		ok    bool
	}{
		"no rule":                 {client.Limits{}, 400 * clienttest.KiB, []int64{3000, 1500, 750, 375}, true},
		"multiple":                {client.Limits{Multiple: 200 * clienttest.KiB, MaxRequest: 2000 * clienttest.KiB}, 500 * clienttest.KiB, []int64{2000, 1000, 400}, true},
		"minimum allows it":       {client.Limits{MinRequest: 500 * clienttest.KiB, MaxRequest: 2000 * clienttest.KiB}, 500 * clienttest.KiB, []int64{2000, 1000, 500}, true},
		"minimum forbids it":      {client.Limits{MinRequest: 501 * clienttest.KiB, MaxRequest: 2000 * clienttest.KiB}, 500 * clienttest.KiB, []int64{2000, 1000}, false},
		"no smaller size allowed": {client.Limits{Multiple: 1000 * clienttest.KiB, MaxRequest: 1000 * clienttest.KiB}, 500 * clienttest.KiB, []int64{1000}, false},
		"large multiple":          {client.Limits{Multiple: 600 * clienttest.KiB, MaxRequest: 1800 * clienttest.KiB}, 599 * clienttest.KiB, []int64{1800, 600}, false},
		"multiple, no limit":      {client.Limits{Multiple: 700 * clienttest.KiB}, 700 * clienttest.KiB, []int64{3000, 1400, 700}, true},
	}
	for name, test := range tests {
		for kind, source := range map[string]func(*testing.T, string) client.Source{
			"file":   clienttest.TextSource,
			"stream": func(_ *testing.T, s string) client.Source { return clienttest.StreamSource(s, 3000*clienttest.KiB*2) },
		} {
			t.Run(name+", "+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					if kind == "stream" && test.rule.MaxRequest == 0 {
						t.Skip("streams have other chunks")
					}
					s := fake.New(t, fake.Config{Hook: clienttest.BodyLimitProxy(test.limit)})
					data := clienttest.Noise(3000 * clienttest.KiB)
					res, err := clienttest.NewClient(t, s, client.Config{Limits: test.rule}).Upload(t.Context(), source(t, data), nil)
					sizes := sizesOf(s)
					for i, n := range test.want {
						if sizes[i] != n*clienttest.KiB {
							t.Errorf("request %d has %d bytes, want %d", i, sizes[i], n*clienttest.KiB)
						}
					}
					if !test.ok {
						clienttest.WantErrorIs(t, err, protocol.ErrTooLarge)
						if clienttest.ErrorOf(t, err).StatusCode != http.StatusRequestEntityTooLarge || len(sizes) != len(test.want) || res.Offset != 0 {
							t.Errorf("error %v, sizes %d, result %+v, want StatusCode 413, %v of them and Offset 0", err, sizes, res, len(test.want))
						}
						return
					}
					if err != nil {
						t.Fatal(err)
					}
					clienttest.WantStored(t, s, res.URL, data)
					kept := test.want[len(test.want)-1] * clienttest.KiB
					for _, n := range sizes[len(test.want)-1 : len(sizes)-1] {
						if n != kept {
							t.Errorf("a chunk has %d bytes, want %d", n, kept)
						}
					}
				})
			})
		}
	}
}

// The rule limits the size of a chunk, not the offset at which an upload resumes.
func TestRuleInTheMiddle(t *testing.T) {
	rule := client.Limits{MinRequest: 8, MaxRequest: 16, Multiple: 4}
	s := fake.New(t, fake.Config{})
	data := clienttest.Noise(50)
	url := s.Put(data[:3], protocol.Known(50), nil)
	c := clienttest.NewClient(t, s, client.Config{Limits: rule})
	if _, err := c.Resume(t.Context(), url, clienttest.TextSource(t, data), nil); err != nil {
		t.Fatal(err)
	}
	clienttest.WantStored(t, s, url, data)
	clienttest.WantRequests(t, s, "HEAD "+clienttest.Upload1, "PATCH /files/1 3+16", "PATCH /files/1 19+16", "PATCH /files/1 35+15")
}

// After a chunk was cut off, the next chunk has the full size.
func TestRuleAfterCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rule := client.Limits{MaxRequest: 16, Multiple: 4}
		s := fake.New(t, fake.Config{})
		s.On(http.MethodPatch, nil, fake.Keep(5), nil)
		data := clienttest.Noise(50)
		res, err := clienttest.NewClient(t, s, client.Config{Limits: rule}).Upload(t.Context(), clienttest.TextSource(t, data), nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		if got := sizesOf(s); !slices.Equal(got, []int64{16, 16, 16, 13}) {
			t.Errorf("sizes %d, want %v", got, []int64{16, 16, 16, 13})
		}
	})
}

func TestRuleOfCall(t *testing.T) {
	s := fake.New(t, fake.Config{})
	c := clienttest.NewClient(t, s, client.Config{Limits: client.Limits{MinRequest: 8, MaxRequest: 16, Multiple: 4}})
	for chunk, want := range map[int64]error{4: client.ErrInvalidOption, 9: client.ErrInvalidOption, 20: client.ErrInvalidOption, -8: client.ErrInvalidOption, 12: nil} {
		t.Run(fmt.Sprint(chunk), func(t *testing.T) {
			_, err := c.Upload(t.Context(), clienttest.TextSource(t, clienttest.Noise(40)), &client.UploadOptions{ChunkSize: chunk})
			if want != nil {
				clienttest.WantErrorIs(t, err, want)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// A source that is larger or smaller than the server takes is refused before a request.
func TestLimitsOfUploads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		c := clienttest.NewClient(t, s, client.Config{Limits: client.Limits{MinUpload: 3, MaxUpload: 5, MaxAge: time.Hour}})
		for _, text := range []string{"ab", "abcdef"} {
			_, err := c.Upload(t.Context(), clienttest.TextSource(t, text), nil)
			if !errors.Is(err, client.ErrInvalidOption) || errors.Is(err, protocol.ErrTooLarge) != (len(text) > 5) {
				t.Errorf("%d bytes: error %v, want ErrInvalidOption and ErrTooLarge: %t", len(text), err, len(text) > 5)
			}
		}
		if n := len(s.Requests()); n > 0 {
			t.Errorf("%d requests, want 0", n)
		}
		res, err := c.Upload(t.Context(), clienttest.TextSource(t, "abcde"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if want := time.Now().Add(time.Hour); res.Expires.Sub(want).Abs() > time.Minute {
			t.Errorf("expires %v, want about %v", res.Expires, want)
		}
	})
}
