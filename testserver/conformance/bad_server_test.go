package conformance_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver/conformance"
	"github.com/tusker-go/tusker/testserver/conformance/internal/exemplar"
	"github.com/tusker-go/tusker/transport"
)

func reply(req *http.Request, status int, header http.Header, body io.Reader) *http.Response {
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(body), Request: req}
}

// endlessBody is a body that never ends.
type endlessBody struct{}

func (endlessBody) Read(p []byte) (int, error) { return len(p), nil }

// silentBody is a body that returns nothing for an hour, even if the request
// ends.
type silentBody struct{}

func (silentBody) Read([]byte) (int, error) {
	time.Sleep(time.Hour)
	return 0, io.EOF
}

// slowBody is a body that returns one byte per second.
type slowBody struct{ ctx context.Context }

func (d slowBody) Read(p []byte) (int, error) {
	select {
	case <-d.ctx.Done():
		return 0, d.ctx.Err()
	case <-time.After(time.Second):
		p[0] = 'x'
		return 1, nil
	}
}

// A server that is not a tus server, or a faulty one, leads to a report with
// the obstacle in bounded time.
func TestBadServers(t *testing.T) {
	full := exemplar.New(exemplar.Full())
	tests := []struct {
		name     string
		do       transport.DoerFunc
		obstacle error
		says     string        // in the obstacle
		within   time.Duration // 0: without waiting
		requests int           // the maximum
	}{
		{
			name: "hangs",
			do: func(req *http.Request) (*http.Response, error) {
				<-req.Context().Done()
				return nil, &url.Error{Op: "Post", URL: req.URL.String(), Err: req.Context().Err()}
			},
			obstacle: conformance.ErrNoAnswer, says: "timeout after 10s", within: 30 * time.Second, requests: 3,
		},
		{
			// No context ends the read of the body after 101.
			name: "switches protocols",
			do: func(req *http.Request) (*http.Response, error) {
				return reply(req, http.StatusSwitchingProtocols, nil, silentBody{}), nil
			},
			obstacle: conformance.ErrNotTus, requests: 60,
		},
		{
			name: "closes every connection",
			do: func(req *http.Request) (*http.Response, error) {
				return nil, &url.Error{Op: "Post", URL: req.URL.String() + "?secret", Err: io.EOF}
			},
			obstacle: conformance.ErrNoAnswer, says: "EOF", requests: 3,
		},
		{
			name: "requires credentials",
			do: func(req *http.Request) (*http.Response, error) {
				return reply(req, http.StatusUnauthorized, nil, strings.NewReader("who are you?\n")), nil
			},
			obstacle: conformance.ErrDenied, says: "401: who are you?", requests: 1,
		},
		{
			name: "requires credentials for POST",
			do: func(req *http.Request) (*http.Response, error) {
				if req.Method == http.MethodPost {
					return reply(req, http.StatusForbidden, nil, strings.NewReader("")), nil
				}
				return exemplar.Doer(full).Do(req)
			},
			obstacle: conformance.ErrDenied, says: "POST with 403", requests: 2,
		},
		{
			name: "redirects",
			do: func(req *http.Request) (*http.Response, error) {
				h := http.Header{"Location": {"https://elsewhere.example/up?token=secret"}}
				return reply(req, http.StatusMovedPermanently, h, strings.NewReader("")), nil
			},
			obstacle: conformance.ErrMoved, says: "OPTIONS to https://elsewhere.example/up", requests: 1,
		},
		{
			name: "redirects, and the client refuses",
			do: func(req *http.Request) (*http.Response, error) {
				h := http.Header{"Location": {"/up"}}
				return reply(req, http.StatusFound, h, strings.NewReader("")), errors.New("no")
			},
			obstacle: conformance.ErrMoved, says: "/up", requests: 1,
		},
		{
			name: "limits the rate for ever",
			do: func(req *http.Request) (*http.Response, error) {
				return reply(req, http.StatusTooManyRequests, http.Header{"Retry-After": {"4"}}, strings.NewReader("")), nil
			},
			obstacle: conformance.ErrRateLimited, says: "429", within: 16 * time.Second, requests: 5,
		},
		{
			name: "asks for a wait of years",
			do: func(req *http.Request) (*http.Response, error) {
				return reply(req, http.StatusTooManyRequests, http.Header{"Retry-After": {"9223372036854775807"}}, strings.NewReader("")), nil
			},
			obstacle: conformance.ErrRateLimited, says: "429", requests: 1,
		},
		{
			name: "answers every request with a page",
			do: func(req *http.Request) (*http.Response, error) {
				return reply(req, http.StatusOK, nil, strings.NewReader("<html>")), nil
			},
			obstacle: conformance.ErrNotTus, requests: 60,
		},
		{
			name: "answers at random",
			do: func(req *http.Request) (*http.Response, error) {
				h := http.Header{}
				for _, name := range []string{
					"Tus-Resumable", "Tus-Version", "Tus-Extension", "Upload-Offset", "Upload-Length", "Location",
					"Upload-Metadata", "Upload-Concat", "Upload-Expires", "Tus-Max-Size", "Tus-Checksum-Algorithm",
				} {
					h.Set(name, "\x00é, ,;%zz -1")
				}
				return reply(req, http.StatusCreated, h, strings.NewReader("\xff")), nil
			},
			obstacle: conformance.ErrRefused, requests: 400,
		},
		{
			name: "refuses every creation",
			do: func(req *http.Request) (*http.Response, error) {
				if req.Method == http.MethodPost {
					return reply(req, http.StatusBadRequest, nil, strings.NewReader("filename is missing\nmore")), nil
				}
				return exemplar.Doer(full).Do(req)
			},
			obstacle: conformance.ErrRefused, says: "400: filename is missing", requests: 120,
		},
		{
			name: "sends bodies without end",
			do: func(req *http.Request) (*http.Response, error) {
				return reply(req, http.StatusOK, nil, endlessBody{}), nil
			},
			obstacle: conformance.ErrNotTus, requests: 60,
		},
		{
			name: "sends bodies byte by byte",
			do: func(req *http.Request) (*http.Response, error) {
				return reply(req, http.StatusOK, nil, slowBody{req.Context()}), nil
			},
			obstacle: conformance.ErrOutOfTime, within: 5*time.Minute + 10*time.Second, requests: 60,
		},
		{
			name: "no Doer", do: nil,
			obstacle: conformance.ErrNoAnswer, says: "no Doer", requests: 3,
		},
		{
			name:     "neither an answer nor an error",
			do:       func(*http.Request) (*http.Response, error) { return nil, nil }, //nolint:nilnil // That is the point.
			obstacle: conformance.ErrNoAnswer, says: "neither", requests: 3,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var doer transport.Doer
				if tt.do != nil {
					doer = tt.do
				}
				began := time.Now()
				report := conformance.Run(t.Context(), doer, exemplar.Endpoint, nil)
				if took := time.Since(began); took > tt.within {
					t.Errorf("took %v, want at most %v", took, tt.within)
				}
				if !errors.Is(report.Obstacle, tt.obstacle) {
					t.Fatalf("obstacle %v, want %v", report.Obstacle, tt.obstacle)
				}
				if text := report.Obstacle.Error(); !strings.Contains(text, tt.says) || strings.Contains(text, "secret") {
					t.Errorf("obstacle %q, want one that contains %q", text, tt.says)
				}
				if len(report.Results) != len(conformance.Tus.Rules()) {
					t.Errorf("%d results, want one for each rule", len(report.Results))
				}
				if report.Requests > tt.requests {
					t.Errorf("%d requests, want at most %d", report.Requests, tt.requests)
				}
				if report.Total().Pass > len(report.Results)/2 {
					t.Errorf("total %+v, want Pass at most %v", report.Total(), len(report.Results)/2)
				}
			})
		})
	}
}

// Run waits for a server that is rate limited, busy or locked for a while.
func TestBusyServer(t *testing.T) {
	tests := []struct {
		name   string
		status int
		header string
		body   string
		every  int
	}{
		{"rate limited", http.StatusTooManyRequests, "2", "", 3},
		{"rate limited without a time", http.StatusTooManyRequests, "", "", 3},
		{"no time at the moment", http.StatusServiceUnavailable, "1", "", 4},
		{"locked", http.StatusLocked, "", "", 2},
		{"locked until a timeout", http.StatusInternalServerError, "", "ERR_LOCK_TIMEOUT: failed to acquire lock before timeout\n", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := 0
			cfg := exemplar.Full()
			cfg.Lifetime = time.Hour // an upload must not expire during the waits
			s := exemplar.New(cfg)
			report := run(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				// An answer to HEAD has no body that could tell of a lock.
				if n++; n%tt.every == 0 && r.Method != http.MethodDelete && (tt.body == "" || r.Method != http.MethodHead) {
					if tt.header != "" {
						w.Header().Set("Retry-After", tt.header)
					}
					w.WriteHeader(tt.status)
					_, _ = io.WriteString(w, tt.body)
					return
				}
				s.ServeHTTP(w, r)
			}), &conformance.Options{Timeout: time.Hour})
			total := report.Total()
			// An upload expires later than the longest wait, so one rule is
			// Unable.
			if report.Obstacle != nil || total.Pass != len(conformance.Tus.Rules())-1 || total.Unable != 1 {
				t.Errorf("obstacle %v, total %+v, want Obstacle nil, Pass %v and Unable 1", report.Obstacle, total, len(conformance.Tus.Rules())-1)
			}
		})
	}
}

// Run returns a report for any combination of headers and statuses.
func TestRandomAnswers(t *testing.T) {
	names := []string{
		"Tus-Resumable", "Tus-Version", "Tus-Extension", "Upload-Offset", "Upload-Length", "Location", "Retry-After",
		"Upload-Metadata", "Upload-Concat", "Upload-Expires", "Tus-Max-Size", "Tus-Checksum-Algorithm", "Upload-Defer-Length",
	}
	values := []string{
		"", "0", "3", "5", "-1", "99999999999999999999", "1.0.0", "creation,termination,checksum,concatenation,expiration",
		"/files/1", "http://[::1", "//other.example/%zz", "final;", "partial", "a b c,,", "Wed, 25 Jun 2014 16:00:00 GMT", "\xff\x00",
	}
	statuses := []int{100, 200, 201, 204, 301, 304, 400, 404, 409, 410, 412, 413, 415, 423, 460, 500, 503, 999, 0, -1}
	for seed := range uint64(100) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		report := conformance.Report{}
		synctest.Test(t, func(t *testing.T) {
			report = conformance.Run(t.Context(), transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
				h := http.Header{}
				for _, name := range names {
					if rnd.IntN(3) == 0 {
						h.Set(name, values[rnd.IntN(len(values))])
					}
				}
				return reply(req, statuses[rnd.IntN(len(statuses))], h, strings.NewReader("")), nil
			}), exemplar.Endpoint, nil)
		})
		if len(report.Results) != len(conformance.Tus.Rules()) {
			t.Fatalf("seed %d: %d results, want %v", seed, len(report.Results), len(conformance.Tus.Rules()))
		}
	}
}

// Run respects the limits of the caller.
func TestLimits(t *testing.T) {
	t.Run("requests", func(t *testing.T) {
		s := exemplar.New(exemplar.Full())
		report := run(t, s, &conformance.Options{MaxRequests: 20})
		if !errors.Is(report.Obstacle, conformance.ErrOutOfBudget) || report.Left != 0 || report.Total().Pass == 0 || report.Total().Unable == 0 {
			t.Errorf("obstacle %v, %d left, total %+v, want ErrOutOfBudget, Left 0, Pass not 0 and Unable not 0", report.Obstacle, report.Left, report.Total())
		}
		if report.Requests > 40 {
			t.Errorf("%d requests, want 20 and the deletions", report.Requests)
		}
	})
	t.Run("context", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cause := errors.New("enough")
		n := 0
		s := exemplar.New(exemplar.Full())
		report := conformance.Run(ctx, transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
			if n++; n == 10 {
				cancel(cause)
				return nil, req.Context().Err()
			}
			return exemplar.Doer(s).Do(req)
		}), exemplar.Endpoint, nil)
		if !errors.Is(report.Obstacle, cause) || s.Len() != 0 {
			t.Errorf("obstacle %v, %d uploads left, want %v and Len 0", report.Obstacle, s.Len(), cause)
		}
	})
	t.Run("time", func(t *testing.T) {
		cfg := exemplar.Full()
		cfg.Lifetime = time.Hour
		s := exemplar.New(cfg)
		slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(900 * time.Millisecond)
			s.ServeHTTP(w, r)
		})
		report := run(t, slow, &conformance.Options{Timeout: time.Minute})
		if !errors.Is(report.Obstacle, conformance.ErrOutOfTime) || s.Len() != 0 || report.Total().Pass == 0 {
			t.Errorf("obstacle %v, %d uploads left, total %+v, want ErrOutOfTime, Len 0 and Pass not 0", report.Obstacle, s.Len(), report.Total())
		}
	})
	t.Run("rules", func(t *testing.T) {
		var seen []string
		report := run(t, exemplar.New(exemplar.Full()), &conformance.Options{
			Rules:    []string{"head-*", "patch-status"},
			OnResult: func(r conformance.Result) { seen = append(seen, r.ID) },
		})
		if len(report.Results) != 6 || len(seen) != 6 || report.Results[5].ID != "patch-status" {
			t.Errorf("%d results, requests %q, want 6 in Results, 6 of them and Results[5].ID %q", len(report.Results), seen, "patch-status")
		}
	})
	t.Run("unknown rule", func(t *testing.T) {
		report := run(t, exemplar.New(exemplar.Full()), &conformance.Options{Rules: []string{"head-*", "nothing"}})
		if !errors.Is(report.Obstacle, conformance.ErrNoRule) || report.Requests != 0 {
			t.Errorf("obstacle %v, %d requests, want ErrNoRule and Requests 0", report.Obstacle, report.Requests)
		}
	})
	for _, endpoint := range []string{"", "tus.example", "ftp://tus.example/", "http://", "http://a\x00b/"} {
		t.Run("endpoint "+strconv.Quote(endpoint), func(t *testing.T) {
			report := conformance.Run(t.Context(), nil, endpoint, nil)
			if !errors.Is(report.Obstacle, conformance.ErrEndpoint) || report.Requests != 0 {
				t.Errorf("obstacle %v, want ErrEndpoint and Requests 0", report.Obstacle)
			}
		})
	}
}

// Without extensions other than creation, rules of extensions are skipped and
// the others pass.
func TestFewExtensions(t *testing.T) {
	cfg := exemplar.Config{Extensions: []protocol.Extension{protocol.ExtensionCreation}}
	report := run(t, exemplar.New(cfg), nil)
	for _, r := range report.Results {
		want := conformance.Skip
		if r.Extension == conformance.Core || r.Extension == protocol.ExtensionCreation {
			want = conformance.Pass
		}
		switch r.ID {
		case "max-size-integer", "max-size-exceeded":
			want = conformance.Skip
		}
		if r.Status != want {
			t.Errorf("%s: %s (%s), want %s", r.ID, r.Status, r.Why, want)
		}
	}
	if report.Obstacle != nil || report.Left == 0 {
		t.Errorf("obstacle %v, %d uploads left, want those that could not be deleted", report.Obstacle, report.Left)
	}
}
