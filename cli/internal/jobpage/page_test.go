package jobpage_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/cli/internal/jobpage"
)

// hostile has texts that try to leave their place in the page or in the metrics.
var hostile = &jobpage.Status{
	Job: "archive", Endpoint: "https://tus.example/files/", Items: 10, Queued: 4, InFlight: 1, Done: 3, Failed: 2, Bytes: 1536, Length: 4096, Rate: 512,
	Workers:  []jobpage.Worker{{Name: "</script><script>alert(1)</script>", Slots: 8, InFlight: 1, Done: 3, Failed: 2, Rate: 512}},
	Failures: []jobpage.Failure{{Item: `media:"><img src=x onerror=alert(1)>`, Message: "it is <b>missing</b>"}},
}

func source(status *jobpage.Status, err error) jobpage.Source {
	return jobpage.Source{Status: func(context.Context) (*jobpage.Status, error) { return status, err }}
}

// get returns the answer to a GET with that Host. "": that of an IP address.
func get(t *testing.T, s jobpage.Source, path, host string) (status int, header http.Header, body string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	if r.Host = host; host == "" {
		r.Host = "192.0.2.1:9464"
	}
	w := httptest.NewRecorder()
	jobpage.New(s, "monitor.example").ServeHTTP(w, r)
	return w.Code, w.Header(), w.Body.String()
}

// The page has the state without its script, escapes all texts, and has no other address.
func TestPage(t *testing.T) {
	t.Parallel()
	status, header, body := get(t, source(hostile, nil), "/", "")
	if status != http.StatusOK || !strings.HasPrefix(header.Get("Content-Type"), "text/html") {
		t.Errorf("status %d, type %q, want 200 and the prefix %q", status, header.Get("Content-Type"), "text/html")
	}
	for _, want := range []string{`<dd id="queued">4</dd>`, `<dd id="failed">2</dd>`, `<dd id="bytes">1.5 KiB</dd>`, "50%", "it is &lt;b&gt;missing&lt;/b&gt;"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	for _, bad := range []string{"<script>alert", "<img src=x", "<b>missing"} {
		if strings.Contains(body, bad) {
			t.Errorf("the page has %s", bad)
		}
	}
	if strings.Count(body, "://") != strings.Count(body, "https://tus.example/files/")+strings.Count(body, "http://www.w3.org/2000/svg") {
		t.Error("the page has another address")
	}
	policy := header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "connect-src 'self'", "script-src 'sha256-", "style-src 'sha256-", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("policy %q has no %s", policy, want)
		}
	}
}

// A page of an engine that is away says so.
func TestPageWithoutEngine(t *testing.T) {
	t.Parallel()
	status, _, body := get(t, source(nil, errors.New("away")), "/", "")
	if status != http.StatusOK || !strings.Contains(body, "The engine does not answer.") {
		t.Errorf("status %d, page %s, want 200 and %q in it", status, body, "The engine does not answer.")
	}
}

// A page of another origin cannot read the state by a name that resolves to this machine.
func TestHost(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]int{
		"attacker.example": http.StatusMisdirectedRequest, "attacker.example:9464": http.StatusMisdirectedRequest,
		"localhost:9464": http.StatusOK, "[::1]:9464": http.StatusOK, "10.0.0.1": http.StatusOK, "monitor.example": http.StatusOK,
	} {
		status, header, _ := get(t, source(hostile, nil), "/", host)
		if status != want {
			t.Errorf("Host %s: status %d, want %d", host, status, want)
		}
		if got := header.Get("Cross-Origin-Resource-Policy"); got != "same-origin" {
			t.Errorf("Host %s: policy for other origins %q", host, got)
		}
	}
	if status, _, _ := get(t, source(hostile, nil), "/other", ""); status != http.StatusNotFound {
		t.Errorf("/other: status %d, want 404", status)
	}
}

// The stream has the state as JSON at once, and ends with its server.
func TestEvents(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	s := source(hostile, nil)
	s.Done = done
	server := httptest.NewServer(jobpage.New(s))
	defer server.Close()
	res, err := server.Client().Get(server.URL + "/events") //nolint:noctx // The stream ends by itself.
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	in := bufio.NewReader(res.Body)
	event, _ := in.ReadString('\n')
	data, err := in.ReadString('\n')
	if err != nil || event != "event: status\n" {
		t.Fatalf("event %q, %v, want %q and no error", event, err, "event: status\n")
	}
	var got jobpage.Status
	if err := json.Unmarshal([]byte(strings.TrimPrefix(data, "data: ")), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(hostile, &got); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
	close(done)
	if _, err := io.Copy(io.Discard, in); err != nil {
		t.Errorf("end of the stream: %v", err)
	}
}

// Metrics have the text format of Prometheus, whatever characters a label has.
func TestMetrics(t *testing.T) {
	t.Parallel()
	s := source(hostile, nil)
	s.Metrics = func() []jobpage.Metric {
		return []jobpage.Metric{jobpage.Counter("tusker_worker_done_total", "Items\nof \\ this worker.", 3, "worker", "a\"b\\c\nd\xff")}
	}
	_, _, body := get(t, s, "/metrics", "prometheus.example")
	want := `# HELP tusker_job_items Items of the job by state.
# TYPE tusker_job_items gauge
tusker_job_items{job="archive",state="queued"} 4
tusker_job_items{job="archive",state="in_flight"} 1
tusker_job_items{job="archive",state="done"} 3
tusker_job_items{job="archive",state="failed"} 2
# HELP tusker_job_done_bytes Bytes of the items that are done.
# TYPE tusker_job_done_bytes gauge
tusker_job_done_bytes{job="archive"} 1536
# HELP tusker_job_rate_bytes Bytes a second over all workers.
# TYPE tusker_job_rate_bytes gauge
tusker_job_rate_bytes{job="archive"} 512
# HELP tusker_job_workers Workers of the job that are alive.
# TYPE tusker_job_workers gauge
tusker_job_workers{job="archive"} 1
# HELP tusker_job_length_bytes Bytes of all items of the job.
# TYPE tusker_job_length_bytes gauge
tusker_job_length_bytes{job="archive"} 4096
# HELP tusker_engine_up Whether the engine answers.
# TYPE tusker_engine_up gauge
tusker_engine_up 1
# HELP tusker_worker_done_total Items\nof \\ this worker.
# TYPE tusker_worker_done_total counter
tusker_worker_done_total{worker="a\"b\\c\nd` + "\uFFFD" + `"} 3
`
	if diff := cmp.Diff(want, body); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	if _, _, body := get(t, source(nil, errors.New("away")), "/metrics", ""); !strings.Contains(body, "tusker_engine_up 0\n") {
		t.Errorf("metrics without an engine: %s", body)
	}
}
