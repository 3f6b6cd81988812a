package conformance_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver/conformance"
	"github.com/tusker-go/tusker/testserver/conformance/internal/exemplar"
	"github.com/tusker-go/tusker/transport"
)

// sample returns a report with one result of each status, one of them with a
// transcript.
func sample() conformance.Report {
	rules := conformance.Tus.Rules()
	result := func(id string, status conformance.Status, why string) conformance.Result {
		for _, r := range rules {
			if r.ID == id {
				return conformance.Result{Rule: r, Status: status, Why: why}
			}
		}
		panic(id)
	}
	failed := result("patch-status", conformance.Fail, "the server answered with 200")
	failed.Sent = "POST /files/ (Upload-Length: 5)\nPATCH /files/1 (Upload-Offset: 0) + 3 bytes"
	failed.Got = "201 Created (Location: /files/1)\n200 OK (Upload-Offset: 3)"
	return conformance.Report{
		Endpoint:     "https://tus.example/files/",
		Capabilities: protocol.Capabilities{Extensions: []protocol.Extension{"creation"}},
		Results: []conformance.Result{
			result("head-offset", conformance.Pass, ""),
			failed,
			result("creation-implemented", conformance.Warn, "<it> is & \x01 not"),
			result("checksum-sha1", conformance.Skip, "checksum is not announced"),
			result("concatenation-order", conformance.Unable, "no GET"),
		},
		Requests: 12, Left: 2, Obstacle: conformance.ErrOutOfTime,
	}
}

// The JSON report has the documented members.
func TestJSON(t *testing.T) {
	text, err := json.Marshal(sample())
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Endpoint, Obstacle string
		Extensions         []string
		Requests, Left     int
		Rules              []map[string]string
		Totals             struct {
			conformance.Total
			Extensions map[string]conformance.Total
		}
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"id": "patch-status", "section": "Core Protocol, Requests, PATCH", "extension": "core", "level": "MUST", "status": "fail",
		"why":  "the server answered with 200",
		"sent": "POST /files/ (Upload-Length: 5)\nPATCH /files/1 (Upload-Offset: 0) + 3 bytes",
		"got":  "201 Created (Location: /files/1)\n200 OK (Upload-Offset: 3)",
	}
	if diff := cmp.Diff(want, got.Rules[1]); diff != "" {
		t.Errorf("rule (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(conformance.Total{Pass: 1, Fail: 1, Warn: 1, Skip: 1, Unable: 1}, got.Totals.Total); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(conformance.Total{Pass: 1, Fail: 1}, got.Totals.Extensions["core"]); diff != "" {
		t.Errorf("totals of core (-want +got):\n%s", diff)
	}
	if got.Obstacle != "out of time" || got.Left != 2 || got.Requests != 12 || len(got.Extensions) != 1 {
		t.Errorf("report %s, want Obstacle %q, Left 2, Requests 12 and 1 in Extensions", text, "out of time")
	}
	empty, err := json.Marshal(conformance.Report{})
	if want := `{"protocol":"tus","endpoint":"","extensions":[],"requests":0,"left":0,"rules":[],"totals":{"pass":0,"fail":0,"warn":0,"skip":0,"unable":0,"extensions":{}}}`; err != nil || string(empty) != want {
		t.Errorf("the empty report is %s (%v), want %s", empty, err, want)
	}
}

// JUnit XML has the totals, failures and warnings.
func TestJUnit(t *testing.T) {
	var b bytes.Buffer
	if err := sample().WriteJUnit(&b); err != nil {
		t.Fatal(err)
	}
	type fault struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
	var got struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Skipped  int `xml:"skipped,attr"`
		Suites   []struct {
			Name  string `xml:"name,attr"`
			Cases []struct {
				Name    string `xml:"name,attr"`
				Failure *fault `xml:"failure"`
				Error   *fault `xml:"error"`
				Skipped *fault `xml:"skipped"`
				Out     string `xml:"system-out"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	if got.Tests != 6 || got.Failures != 1 || got.Errors != 1 || got.Skipped != 2 {
		t.Errorf("%d tests, %d failures, %d errors, %d skipped, want Tests 6, Failures 1, Errors 1 and Skipped 2", got.Tests, got.Failures, got.Errors, got.Skipped)
	}
	if e := got.Suites[0].Cases[0].Error; e == nil || e.Message != "out of time" {
		t.Errorf("the obstacle is %+v, want not nil and Message %q", e, "out of time")
	}
	core := got.Suites[1]
	if f := core.Cases[1].Failure; core.Name != "tus core" || f == nil || !strings.Contains(f.Text, "> PATCH /files/1 (Upload-Offset: 0) + 3 bytes\n< 200 OK") {
		t.Errorf("the failure of %q is %+v, want Name %q, not nil and %q in it", core.Name, f, "tus core", "> PATCH /files/1 (Upload-Offset: 0) + 3 bytes\n< 200 OK")
	}
	if out := got.Suites[2].Cases[0].Out; !strings.HasPrefix(out, "warning: <it> is &  not\n") {
		t.Errorf("the warning is %q, want the prefix %q", out, "warning: <it> is &  not\n")
	}
}

// The table has results, exchanges and totals.
func TestTable(t *testing.T) {
	var b bytes.Buffer
	if err := sample().WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"pass    MUST        head-offset\n",
		"unable  MUST        concatenation-order                 no GET\n",
		"fail patch-status: the server answered with 200\n  Core Protocol, Requests, PATCH\n  “The Server MUST",
		"  > PATCH /files/1 (Upload-Offset: 0) + 3 bytes\n  < 200 OK (Upload-Offset: 3)\n",
		"core           1     1     0     0     0\n",
		"all            1     1     1     1     1\n",
		"\n2 uploads remain on the server",
		"\nout of time\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, b.String())
		}
	}
}

// Each rule fits into the columns of the table.
func TestColumns(t *testing.T) {
	for _, r := range conformance.Tus.Rules() {
		row := conformance.Result{Rule: r, Status: conformance.Unable, Why: "why"}.String()
		if at := strings.Index(row, "why"); at != 56 {
			t.Errorf("%q: why is at %d, want 56", row, at)
		}
	}
}

// Reports do not contain the caller's secrets, even if the server repeats them,
// and other origins do not get them.
func TestSecrets(t *testing.T) {
	const (
		secret   = "s3cr3t-t0ken"
		password = "s3cr3t-passw0rd"
		signed   = "s3cr3t-of-the-server"
	)
	s := exemplar.New(exemplar.Full())
	var report conformance.Report
	synctest.Test(t, func(t *testing.T) {
		doer := transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
			if req.URL.Host == "cdn.example" && req.Header.Get("X-Key") != secret {
				t.Error("no credentials were sent to a trusted origin")
			}
			if req.URL.Host == "other.example" {
				if req.Header.Get("Authorization") != "" || !transport.IsWithoutCredentials(req.Context()) {
					t.Error("credentials were sent to another origin")
				}
				return exemplar.Doer(http.NotFoundHandler()).Do(req)
			}
			if user, given, _ := req.BasicAuth(); user != "me" || given != password {
				return reply(req, http.StatusUnauthorized, nil, strings.NewReader(secret)), nil
			}
			resp, err := exemplar.Doer(s).Do(req)
			if err == nil {
				resp.Header.Set("Upload-Expires", secret)
				if at := resp.Header.Get("Location"); at != "" {
					resp.Header.Set("Location", "http://user:"+signed+"@cdn.example:80"+at+"?token="+signed)
				}
				if resp.Header.Get("Location") != "" && req.Header.Get("Upload-Defer-Length") != "" {
					resp.Header.Set("Location", "http://other.example/"+secret)
				}
			}
			return resp, err
		})
		endpoint := strings.Replace(exemplar.Endpoint, "//", "//me:"+password+"@", 1) + "?key=" + password
		report = conformance.Run(t.Context(), doer, endpoint, &conformance.Options{
			TrustedOrigins: []string{"http://cdn.example"},
			Header:         http.Header{"X-Key": {secret}}, Metadata: protocol.Metadata{"bucket": secret},
		})
	})
	text, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	if report.Total().Pass < 40 {
		t.Errorf("obstacle %v, total %+v, want Pass at least 40", report.Obstacle, report.Total())
	}
	if i := strings.Index(string(text), "s3cr3t"); i >= 0 {
		t.Errorf("the report contains the secret: …%s…", text[max(0, i-200):min(len(text), i+50)])
	}
}

// recorder is a test that records its messages.
type recorder struct {
	*testing.T
	messages *[]string
}

func (r recorder) Errorf(format string, args ...any) {
	*r.messages = append(*r.messages, "error: "+fmt.Sprintf(format, args...))
}

func (r recorder) Logf(format string, args ...any) {
	*r.messages = append(*r.messages, "log: "+fmt.Sprintf(format, args...))
}

func (r recorder) Skipf(format string, args ...any) {
	*r.messages = append(*r.messages, "skip: "+fmt.Sprintf(format, args...))
}

func (r recorder) Run(_ string, f func(recorder)) bool {
	f(r)
	return true
}

// Check maps each status to a method of TB.
func TestCheck(t *testing.T) {
	var messages []string
	conformance.Check(recorder{t, &messages}, sample())
	want := []string{"error: conformance: out of time", "error: the server answered with 200\n", "log: warning: <it>", "skip: skip: ", "skip: unable: no GET"}
	if len(messages) != len(want) {
		t.Fatalf("got messages %q, want %v of them", messages, len(want))
	}
	for i := range want {
		if !strings.HasPrefix(messages[i], want[i]) {
			t.Errorf("got message %q, want %q", messages[i], want[i])
		}
	}
}

// The exemplar passes over TCP too, with cut connections and trailers.
func TestTestOverTCP(t *testing.T) {
	cfg := exemplar.Full()
	cfg.Lifetime = 0 // the longest wait is shorter than a lifetime of some seconds
	server := httptest.NewServer(exemplar.New(cfg))
	defer server.Close()
	conformance.Test(t, server.URL+"/files/")
}

// Users of the package import neither tusd nor package testing.
func TestImports(t *testing.T) {
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("the go command is not available")
	}
	out, err := exec.CommandContext(t.Context(), tool, "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	const prefix = "github.com/tusker-go/tusker/"
	for path := range strings.FieldsSeq(string(out)) {
		switch path {
		case prefix + "protocol", prefix + "protocol/rufh", prefix + "protocol/rufh/internal/structured", prefix + "transport", prefix + "testserver/conformance":
			continue
		}
		if path == "testing" || !strings.HasPrefix(path, "vendor/") && strings.Contains(strings.Split(path, "/")[0], ".") {
			t.Errorf("imports %s", path)
		}
	}
}
