package conformance_test

import (
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/testserver/conformance"
	"github.com/tusker-go/tusker/testserver/conformance/internal/exemplar"
)

// A server that does not speak RUFH, or not well, leads to a report with the obstacle.
func TestBadServersRUFH(t *testing.T) {
	always := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	good := exemplar.NewRUFH(rufh.Newest)
	tests := []struct {
		name     string
		handler  http.Handler
		obstacle error
		says     string
		requests int // the maximum
	}{
		{"a page", always(http.StatusOK, "<html>"), conformance.ErrNotRUFH, "no answer has a header of rufh/10", 200},
		{"tus", exemplar.New(exemplar.Full()), conformance.ErrNotRUFH, "the server speaks tus, or not rufh/10", 2},
		{"credentials", always(http.StatusUnauthorized, "who?\n"), conformance.ErrDenied, "401: who?", 1},
		{"another version", exemplar.NewRUFH(6), conformance.ErrNotRUFH, "it treats a creation of rufh/10 as an ordinary request", 200},
		{"no uploads", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				w.Header().Set(headerComplete, "?0")
				w.WriteHeader(http.StatusBadRequest)
				_, _ = io.WriteString(w, "no quota\n")
				return
			}
			good.ServeHTTP(w, r)
		}), conformance.ErrRefused, "400: no quota", 200},
		{"a flood", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for range 100_000 {
				w.WriteHeader(rufh.StatusResumptionSupported)
			}
		}), conformance.ErrNoAnswer, "", 3},
		{"redirects OPTIONS", http.RedirectHandler("/up", http.StatusFound), conformance.ErrMoved, "/up", 1},
		{"uploads elsewhere", interimLocation("/files/gone"), conformance.ErrMisplaced, "404", 30},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			report := runRUFH(t, rufh.Newest, test.handler, conformance.Options{})
			if !errors.Is(report.Obstacle, test.obstacle) || !strings.Contains(report.Obstacle.Error(), test.says) {
				t.Errorf("obstacle %v, want %v with %q", report.Obstacle, test.obstacle, test.says)
			}
			if report.Requests > test.requests || len(report.Results) != len(conformance.RUFH(rufh.Newest).Rules()) {
				t.Errorf("%d requests, %d results, want Requests at most %v and %v in Results", report.Requests, len(report.Results), test.requests, len(conformance.RUFH(rufh.Newest).Rules()))
			}
		})
	}
}

// interimLocation returns a server whose uploads are not at their Location.
func interimLocation(path string) http.Handler {
	good := exemplar.NewRUFH(rufh.Newest)
	return both(interims(func(_ *http.Request, _ int, h http.Header) bool {
		if h.Get("Location") != "" {
			h.Set("Location", path)
		}
		return true
	}), finals(func(r *http.Request, f *final) {
		if f.header.Get("Location") != "" {
			f.header.Set("Location", path)
		}
		if r.URL.Path == path {
			f.status = http.StatusNotFound
		}
	}))(good)
}

// Run returns a report for any combination of fields, statuses and interim responses.
func TestRandomAnswersRUFH(t *testing.T) {
	names := []string{headerOffset, headerComplete, headerLength, headerLimit, "Location", rufh.HeaderInteropVersion, "Retry-After", "Content-Type"}
	values := []string{
		"", "0", "8", "?0", "?1", "-1", "1.0", `"8"`, "10", "99999999999999999999", "max-size=10", "max-size=a, min-size", "min-size=999999999999999",
		"/files/up-1", "http://[::1", "?x;y", "application/problem+json", "\xff\x00",
	}
	statuses := []int{100, 103, 104, 200, 201, 204, 301, 303, 400, 404, 409, 413, 423, 429, 500, 503, 999}
	for seed := range uint64(80) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		version := rufh.Oldest + rufh.Version(seed%8)
		h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for range rnd.IntN(4) {
				for _, name := range names {
					if rnd.IntN(3) == 0 {
						w.Header().Set(name, values[rnd.IntN(len(values))])
					}
				}
				w.WriteHeader(statuses[rnd.IntN(len(statuses))])
			}
			if rnd.IntN(10) == 0 {
				panic(http.ErrAbortHandler)
			}
		})
		report := runRUFH(t, version, serialized(h), conformance.Options{Timeout: time.Hour})
		if len(report.Results) != len(conformance.RUFH(version).Rules()) {
			t.Fatalf("seed %d: %d results, want %v", seed, len(report.Results), len(conformance.RUFH(version).Rules()))
		}
	}
}

// serialized lets one request at a time pass.
func serialized(next http.Handler) http.Handler {
	turns := make(chan struct{}, 1)
	turns <- struct{}{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-turns
		defer func() { turns <- struct{}{} }()
		next.ServeHTTP(w, r)
	})
}

// A report names its protocol in each form.
func TestReportRUFH(t *testing.T) {
	report := runRUFH(t, 8, exemplar.NewRUFH(8), conformance.Options{Rules: []string{"retrieval-offset", "background-*"}})
	var out struct {
		Protocol string
		Rules    []struct{ ID, Extension, Status, Sent, Got string }
	}
	text, err := json.Marshal(report)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil || out.Protocol != "rufh/8" || len(out.Rules) != 3 {
		t.Fatalf("%v: %s, want no error, Protocol %q and 3 in Rules", err, text, "rufh/8")
	}
	sent, got, _ := strings.Cut(out.Rules[0].Sent, "\n")
	if sent != "POST /files/ (Upload-Complete: ?0, Content-Type: application/octet-stream)" || !strings.HasPrefix(got, "HEAD /files/up-") {
		t.Errorf("sent %q, then %q, want %q and the prefix %q", sent, got, "POST /files/ (Upload-Complete: ?0, Content-Type: application/octet-stream)", "HEAD /files/up-")
	}
	if want := "104 (Location: http://tus.example/files/up-7919, "; !strings.HasPrefix(out.Rules[0].Got, want) || !strings.Contains(out.Rules[0].Got, "), then 201 Created (Location: ") {
		t.Errorf("got %q, want the prefix %q and %q in it", out.Rules[0].Got, want, "), then 201 Created (Location: ")
	}
	var junit strings.Builder
	if err := report.WriteJUnit(&junit); err != nil || !strings.Contains(junit.String(), `<testsuite name="rufh/8 apple-background" tests="2"`) {
		t.Errorf("%v, %s, want no error and %q in it", err, junit.String(), `<testsuite name="rufh/8 apple-background" tests="2"`)
	}
}

// Protocols have the names that the command line uses, and the rules of their versions.
func TestProtocol(t *testing.T) {
	for p, want := range map[conformance.Protocol]string{
		conformance.Tus: "tus", conformance.RUFH(3): "rufh/3", conformance.RUFH(10): "rufh/10",
	} {
		if p.String() != want || len(p.Rules()) == 0 || len(p.Untested()) == 0 {
			t.Errorf("%v, want %s: %d rules", p, want, len(p.Rules()))
		}
	}
	if rules := conformance.RUFH(11).Rules(); len(rules) > 0 {
		t.Errorf("a version that does not exist has %d rules", len(rules))
	}
	if _, err := conformance.RUFH(10).Select("head-*"); !errors.Is(err, conformance.ErrNoRule) {
		t.Errorf("error %v, want ErrNoRule", err)
	}
	report := conformance.Run(t.Context(), nil, exemplar.Endpoint, &conformance.Options{Protocol: conformance.RUFH(11)})
	if !errors.Is(report.Obstacle, conformance.ErrNoRule) || report.Requests > 0 {
		t.Errorf("obstacle %v, %d requests, want ErrNoRule and Requests 0", report.Obstacle, report.Requests)
	}
}
