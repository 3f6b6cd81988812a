package integration

import (
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/testserver/conformance"
)

var updateConformance = flag.Bool("update-conformance", false, "write testdata/conformance")

// ruling is the stored form of a result. It has the reason if the result is not a pass,
// and the exchanges if the server broke the rule.
type ruling struct {
	Status    conformance.Status `json:"status"`
	Level     conformance.Level  `json:"level"`
	Why       string             `json:"why,omitempty"`
	Exchanges []string           `json:"exchanges,omitempty"`
}

// kept is the content of the file with the results of a server.
type kept struct {
	Server string                       `json:"server"`
	Totals conformance.Total            `json:"totals"`
	Rules  map[string]ruling            `json:"rules"`
	By     map[string]conformance.Total `json:"by_extension"`
}

// The results of real servers do not change. docs/conformance-servers.md explains the
// failures.
func TestConformanceOfTusd(t *testing.T) {
	t.Parallel()
	checkKept(t, "tusd", "tusd v2.10.1, files", inBubble(t, testserver.Config{}))
}

func TestConformanceOfTestserver(t *testing.T) {
	t.Parallel()
	report := inBubble(t, testserver.Config{
		Checksum: []string{"sha1", "md5", "crc32", "sha256", "sha512"}, ChecksumTrailer: true,
		Expiration: 5 * time.Second, ConcatUnfinished: true, MaxSize: 1 << 20,
	})
	checkKept(t, "testserver", "testserver with every layer", report)
}

// @tus/server is the server for Node.js by the authors of the protocol.
func TestConformanceOfTusServer(t *testing.T) {
	t.Parallel()
	check := func(expiration int, opts *conformance.Options) conformance.Report {
		server := startTusNode(t, tusNodeOptions{Expiration: expiration, MaxSize: 1 << 20})
		return conformance.Run(t.Context(), dialing(t, hostOf(t, server.url)), server.url, opts)
	}
	report := check(3_600_000, nil)

	// The rules about expired uploads need a server whose uploads expire soon.
	short := check(3000, &conformance.Options{Rules: []string{"expired-status"}})
	at := slices.IndexFunc(report.Results, func(r conformance.Result) bool { return r.ID == "expired-status" })
	report.Results[at] = short.Results[0]
	checkKept(t, "tus-server", "@tus/server 2.4.5, @tus/file-store 2.1.1", report)
}

// The rules have the same results over TLS and HTTP/2, although cut connections and
// trailers work differently there.
func TestConformanceOverHTTP2(t *testing.T) {
	t.Parallel()
	srv := testserver.New(t, testserver.Config{
		TLS: &tls.Config{}, Checksum: []string{"sha1"}, ChecksumTrailer: true, ConcatUnfinished: true,
	})
	report := conformance.Run(t.Context(), srv.Client(), srv.URL(), nil)
	want := readKept(t, "testserver")
	for _, r := range report.Results {
		// These rules are about expiration and the maximum size, which this server does
		// not have.
		if r.Status == conformance.Skip {
			continue
		}
		if r.Status != want.Rules[r.ID].Status {
			t.Errorf("%s: %s (%s), want %s\n%s\n%s", r.ID, r.Status, r.Why, want.Rules[r.ID].Status, r.Sent, r.Got)
		}
	}
	for _, r := range srv.Requests() {
		if r.Proto != "HTTP/2.0" {
			t.Fatalf("%s %s", r.Method, r.Proto)
		}
	}
}

// inBubble checks a testserver in a synctest bubble.
func inBubble(t *testing.T, cfg testserver.Config) conformance.Report {
	t.Helper()
	var report conformance.Report
	synctest.Test(t, func(t *testing.T) {
		cfg.Network = testserver.NewNetwork()
		srv := testserver.New(t, cfg)
		report = conformance.Run(t.Context(), srv.Client(), srv.URL(), nil)
		srv.Client().CloseIdleConnections()
	})
	return report
}

var (
	ids      = regexp.MustCompile(`(http://[^/ ]*)?/files/[^ ,)?]+`)
	dates    = regexp.MustCompile(`[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT`)
	metadata = regexp.MustCompile(`Upload-Metadata: ([^,)]|,[^ ])+`)
)

// steady removes the parts of an exchange that differ in each run. The order of metadata
// differs because tusd keeps it in a map.
func steady(line string) string {
	line = ids.ReplaceAllString(line, "/files/ID")
	line = dates.ReplaceAllString(line, "DATE")
	return metadata.ReplaceAllStringFunc(line, func(header string) string {
		name, value, _ := strings.Cut(header, ": ")
		pairs := strings.Split(value, ",")
		for i, pair := range pairs {
			pairs[i] = strings.TrimSpace(pair)
		}
		slices.Sort(pairs)
		return name + ": " + strings.Join(pairs, ",")
	})
}

// checkKept compares a report with the file of that name.
func checkKept(t *testing.T, name, server string, report conformance.Report) {
	t.Helper()
	if report.Obstacle != nil {
		t.Errorf("obstacle: %v", report.Obstacle)
	}
	got := kept{Server: server, Totals: report.Total(), Rules: make(map[string]ruling), By: make(map[string]conformance.Total)}
	for _, total := range report.Totals() {
		got.By[string(total.Extension)] = total.Total
	}
	for _, r := range report.Results {
		kept := ruling{Status: r.Status, Level: r.Level, Why: r.Why}
		if r.Status == conformance.Fail || r.Status == conformance.Warn {
			answers := strings.Split(r.Got, "\n")
			for i, sent := range strings.Split(r.Sent, "\n") {
				kept.Exchanges = append(kept.Exchanges, steady(sent+" -> "+answers[i]))
			}
		}
		got.Rules[r.ID] = kept
	}
	path := filepath.Join("testdata", "conformance", name+".json")
	if *updateConformance {
		text, err := json.MarshalIndent(got, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(readKept(t, name), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
	t.Logf("%s: %+v", server, got.Totals)
}

func readKept(t *testing.T, name string) kept {
	t.Helper()
	path := filepath.Join("testdata", "conformance", name+".json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out kept
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return out
}

// The documentation lists the totals and each broken rule of the servers.
func TestConformanceIsExplained(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "docs", "conformance-servers.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tusd", "testserver", "tus-server", "tusd-rufh-6", "rufhserver-8", "rufhserver-9", "rufhserver-10"} {
		k := readKept(t, name)
		row := fmt.Sprintf("\n| %s | %d | %d | %d | %d | %d |\n", k.Server, k.Totals.Pass, k.Totals.Fail, k.Totals.Warn, k.Totals.Skip, k.Totals.Unable)
		if !strings.Contains(string(text), row) {
			t.Errorf("the page has no row %s", row)
		}
		server, _, _ := strings.Cut(k.Server, " ")
		for id, r := range k.Rules {
			broken := r.Status == conformance.Fail || r.Status == conformance.Warn
			told := regexp.MustCompile(`(?m)^\*\*` + id + `\*\* · .*` + regexp.QuoteMeta(server)).Match(text)
			if told != broken {
				t.Errorf("%s, %s: %s, explained by the page: %v", server, id, r.Status, told)
			}
		}
	}
}
