package app

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/testserver"
)

// With --skip-sent, a file that was sent before costs one HEAD, as many at a time as --concurrency
// says. With --skip-sent=local, no request is sent.
func TestSkipSentRequests(t *testing.T) {
	t.Parallel()
	const files, concurrency = 60, 4
	dir, state := t.TempDir(), t.TempDir()
	for i := range files {
		name := filepath.Join(dir, strconv.Itoa(i))
		if err := os.WriteFile(name, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
		settled := time.Now().Add(-time.Hour)
		if err := os.Chtimes(name, settled, settled); err != nil {
			t.Fatal(err)
		}
	}
	server := testserver.New(t, testserver.Config{})
	crowd := newCrowd(concurrency)
	server.Inject(testserver.Fault{Method: http.MethodHead, Times: testserver.Always, Do: testserver.ActionFunc(crowd.join)})
	for _, step := range []struct {
		flag string
		want map[string]int
	}{
		{"--skip-sent", map[string]int{http.MethodOptions: 1, http.MethodPost: files}},
		{"--skip-sent", map[string]int{http.MethodHead: files}},
		{"--skip-sent=local", nil},
	} {
		server.ResetRequests()
		std, _, stderr := streamsFor(t)
		args := []string{"upload", step.flag, "--concurrency", strconv.Itoa(concurrency), "--state-dir", state, "-r", server.URL(), dir}
		if code := Run(t.Context(), args, std); code != exit.OK {
			t.Fatalf("code %d, want %v: %s", code, exit.OK, stderr)
		}
		got := make(map[string]int)
		for _, r := range server.Requests() {
			got[r.Method]++
		}
		if !maps.Equal(got, step.want) {
			t.Errorf("%s: requests %v, want %v", step.flag, got, step.want)
		}
	}
	if crowd.most != concurrency {
		t.Errorf("at most %d questions at the same time, want %d", crowd.most, concurrency)
	}
}

// crowd holds requests until a number of them are there at the same time once.
type crowd struct {
	full    int
	reached chan struct{}

	mu        sync.Mutex
	now, most int
}

func newCrowd(full int) *crowd { return &crowd{full: full, reached: make(chan struct{})} }

func (c *crowd) join(w http.ResponseWriter, r *http.Request, next http.Handler) {
	c.mu.Lock()
	c.now++
	if c.now > c.most {
		if c.most = c.now; c.most == c.full {
			close(c.reached)
		}
	}
	c.mu.Unlock()
	select {
	case <-c.reached:
	case <-time.After(10 * time.Second): // the check of most fails
	}
	next.ServeHTTP(w, r)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now--
}
