package integration

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/testserver"
)

// pageAddress is the address of the page in a message of a worker.
var pageAddress = regexp.MustCompile(`the page about the job is at (http://\S+)`)

// The page of a worker shows the state of its job while it changes, with the names of files as
// text, and can be used with a keyboard, by screen readers, and in both color schemes.
func TestJobPage(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds the program")
	}
	program, dir, state := buildTusker(t), t.TempDir(), t.TempDir()
	srv := testserver.New(t, testserver.Config{})
	job := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), program, append([]string{"job"}, args...)...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "TUSKER_STATE_DIR="+state, "TUSKER_CONFIG=")
		return cmd
	}
	add := func(folder string) {
		t.Helper()
		if out, err := job("add", "archive", srv.URL(), "-r", folder).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	for _, name := range []string{"first/a.txt", "first/b.txt", "second/c.txt", "third/<img src=x onerror=document.title='bad'>", "third/<b>gone"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
			t.Skipf("the file system refuses %q: %v", name, err)
		}
	}
	add("first")
	add("third")
	// This file fails, because it is not the one that was added.
	if err := os.WriteFile(filepath.Join(dir, "third", "<b>gone"), []byte("longer than before"), 0o600); err != nil {
		t.Fatal(err)
	}
	worker := job("work", "archive", "--metrics", "127.0.0.1:0", "--root", "second="+filepath.Join(dir, "second"), "--root", "third="+filepath.Join(dir, "third"))
	stderr, err := worker.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = worker.Process.Kill()
		_ = worker.Wait()
	}()
	lines := bufio.NewScanner(stderr)
	address := ""
	for address == "" && lines.Scan() {
		if m := pageAddress.FindStringSubmatch(lines.Text()); m != nil {
			address = m[1]
		}
	}
	go func() { _, _ = io.Copy(io.Discard, stderr) }()

	p := openTab(t, address)
	p.wait(`document.querySelector("#done").textContent === "3"`)
	p.wait(`document.querySelector("#state").textContent === "Complete, with failed items"`)
	p.wait(`document.querySelectorAll("#workers tbody tr").length === 1`)

	// A further file is shown without a reload.
	p.run(`window.same = true`)
	add("second")
	p.wait(`document.querySelector("#done").textContent === "4"`)
	p.wait(`document.querySelector("#state").textContent === "Complete, with failed items"`) // the result is stored before the item leaves the queue

	// The file that failed is shown with its reason, and its name is text.
	p.wait(`document.querySelectorAll("#failures tbody tr").length === 1`)
	p.wait(`document.querySelector("#failures th[scope=row]").textContent === "third:<b>gone"`)

	var facts struct {
		Same                bool
		Title, Lang         string
		Bold, Unnamed       int
		Addresses, Headings []string
	}
	p.eval(&facts, `({
		Same: window.same === true,
		Title: document.title,
		Lang: document.documentElement.lang,
		Bold: document.querySelectorAll("td b, th b, td img, th img").length,
		Unnamed: [...document.querySelectorAll("table, progress, [tabindex]")].filter((e) => !document.getElementById(e.getAttribute("aria-labelledby"))).length,
		Addresses: performance.getEntriesByType("resource").map((e) => e.name),
		Headings: [...document.querySelectorAll("h1, h2")].map((e) => e.tagName),
	})`)
	if !facts.Same || facts.Title != "100% archive - tusker job" || facts.Lang != "en" || facts.Bold > 0 || facts.Unnamed > 0 || strings.Join(facts.Headings, " ") != "H1 H2 H2 H2" {
		t.Errorf("page: %+v", facts)
	}
	for _, other := range facts.Addresses {
		if !strings.HasPrefix(other, address) {
			t.Errorf("the page asked for %s", other)
		}
	}
	p.checkContrast()

	res, err := http.Get(address + "metrics") //nolint:noctx // The worker ends with the test.
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	metrics, err := io.ReadAll(res.Body)
	for _, want := range []string{`tusker_job_items{job="archive",state="done"} 4`, `tusker_job_items{job="archive",state="failed"} 1`, "tusker_worker_done_total 4\n", "tusker_worker_failed_total 1\n", "tusker_engine_up 1\n"} {
		if err != nil || !strings.Contains(string(metrics), want) {
			t.Errorf("%v, the metrics have no %s:\n%s", err, want, metrics)
		}
	}

	// A worker that is gone is said to be gone.
	p.errorsExpected = true
	_ = worker.Process.Kill()
	p.wait(`!document.querySelector("#problem").hidden`)
}
