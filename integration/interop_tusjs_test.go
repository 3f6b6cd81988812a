package integration

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// tusJSOptions are the options of upload.mjs. Options has those of tus-js-client.
type tusJSOptions struct {
	Endpoint string            `json:"endpoint"`
	File     string            `json:"file"`
	Storage  string            `json:"storage,omitempty"`
	Chunk    int64             `json:"chunkSize,omitempty"`
	Parallel int               `json:"parallelUploads,omitempty"`
	Inline   bool              `json:"uploadDataDuringCreation,omitempty"`
	Metadata map[string]string `json:"metadata,omitempty"`
	Module   string            `json:"module,omitempty"`   // the npm package; "": tus-js-client
	Protocol string            `json:"protocol,omitempty"` // "": tus
	Buffer   bool              `json:"buffer,omitempty"`   // reads the file into memory
}

// served is "tusker serve" with its folder.
type served struct {
	url string
	dir string
	log string // the log file
}

// serveTusker runs "tusker serve" until the test ends.
func serveTusker(t *testing.T, program string, faults ...string) *served {
	t.Helper()
	s := &served{dir: t.TempDir(), log: filepath.Join(t.TempDir(), "log")}
	stderr, err := os.Create(s.log)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stderr.Close() }()
	args := []string{"serve", "--addr", "127.0.0.1:0", s.dir}
	for _, f := range faults {
		args = append(args, "--fault", f)
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Stderr = stderr
	cmd.WaitDelay = 10 * time.Second
	if runtime.GOOS != "windows" {
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Wait() // the context of the test has ended
		if t.Failed() {
			t.Logf("tusker serve:\n%s", s.logged(t))
		}
	})
	lines := bufio.NewScanner(stdout)
	if !lines.Scan() {
		t.Fatalf("tusker serve: %s", s.logged(t))
	}
	s.url = lines.Text()
	return s
}

// check compares the stored bytes of an upload.
func (s *served) check(t *testing.T, uploadURL string, want []byte) {
	t.Helper()
	checkFile(t, filepath.Join(s.dir, path.Base(uploadURL)), want)
}

// logged returns the log, which has each fault before it fires, and each request after
// its end.
func (s *served) logged(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(s.log)
	if err != nil {
		t.Error(err)
	}
	return string(b)
}

// uploads returns the number of stored uploads.
func (s *served) uploads(t *testing.T) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.dir, "*.info"))
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

// runTusJS returns the URL that upload.mjs printed, and the text of its failure.
func runTusJS(t *testing.T, options tusJSOptions) (uploadURL, failure string) {
	t.Helper()
	cmd := nodeCommand(t, "upload.mjs", options)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stdin.Close() }()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", err.Error() + ": " + stderr.String()
	}
	return strings.TrimSuffix(stdout.String(), "\n"), ""
}

// tus-js-client, the client by the authors of the protocol, survives the faults of
// a server.
func TestTusJS(t *testing.T) {
	t.Parallel()
	if _, err := interopFolder(); err != nil {
		missing(t, err.Error())
	}
	program := buildTusker(t)
	tests := []struct {
		name    string
		size    int
		options tusJSOptions
		faults  []string
		fired   int // number of times that each fault fires; 0: once
		uploads int // number of uploads at the end; 0: one
	}{
		{name: "empty", size: 0},
		{name: "one byte", size: 1},
		{name: "large", size: 8 * mib},
		{name: "chunks", size: 5 * mib, options: tusJSOptions{Chunk: 2 * mib}},
		{name: "cut", size: 8 * mib, faults: []string{"PATCH cut 1MiB", "PATCH cut 3MiB", "HEAD reset"}},
		{name: "reset", size: mib, faults: []string{"POST reset", "PATCH reset"}},
		{name: "status", size: mib, faults: []string{"POST status 503", "PATCH status 500 x3"}, fired: 4},
		{name: "answers lost", size: mib, faults: []string{"POST drop", "PATCH drop"}, uploads: 2},
		{name: "locked", size: mib, faults: []string{"PATCH locked x2", "PATCH lock-timeout"}, fired: 3},
		{name: "early answer", size: 8 * mib, faults: []string{"PATCH early 1MiB 502"}},
		{name: "offset no number", size: mib, faults: []string{"PATCH offset many"}},
		{name: "offset too large", size: 4 * mib, options: tusJSOptions{Chunk: mib}, faults: []string{"PATCH offset-by 1000"}},
		{name: "offset too small", size: 4 * mib, options: tusJSOptions{Chunk: mib}, faults: []string{"PATCH offset-by -1000"}},
		{name: "rewound", size: 4 * mib, options: tusJSOptions{Chunk: mib}, faults: []string{"HEAD rewind 1000", "PATCH cut 2KiB"}},
		{name: "relative locations", size: mib, faults: []string{"POST location relative"}},
		{name: "with the creation", size: mib, options: tusJSOptions{Inline: true}},
		{name: "with the creation, cut", size: 8 * mib, options: tusJSOptions{Inline: true}, faults: []string{"POST cut 1MiB"}, uploads: 2},
		{name: "in parts", size: 8*mib + 5, options: tusJSOptions{Parallel: 4}, uploads: 5},
		{
			name: "in parts, cut", size: 8*mib + 5, options: tusJSOptions{Parallel: 4},
			faults: []string{"PATCH cut 1MiB x3", "PATCH status 500", "POST reset"}, fired: 5, uploads: 5,
		},
		// tus-js-client does not find the upload if HEAD fails, and creates it
		// again.
		{name: "cut, and HEAD fails", size: 4 * mib, faults: []string{"PATCH cut 1MiB", "HEAD status 500"}, uploads: 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := serveTusker(t, program, tt.faults...)
			data := content(tt.size)
			tt.options.Endpoint = server.url
			tt.options.File = filepath.Join(t.TempDir(), "elephant.bin")
			tt.options.Metadata = map[string]string{"filename": "слон.bin", "empty": ""}
			if err := os.WriteFile(tt.options.File, data, 0o600); err != nil {
				t.Fatal(err)
			}
			url, failure := runTusJS(t, tt.options)
			if failure != "" {
				t.Fatalf("upload.mjs: %s", failure)
			}
			server.check(t, url, data)
			c := newClient(t, client.Config{Doer: doers[0].new(t)})
			got, err := c.Metadata(t.Context(), url, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(protocol.Metadata{"filename": "слон.bin", "empty": ""}, got); diff != "" {
				t.Errorf("metadata (-want +got):\n%s", diff)
			}
			want := tt.fired
			if want == 0 {
				want = len(tt.faults)
			}
			if got := strings.Count(server.logged(t), "tusker fault {"); got != want {
				t.Errorf("%d faults, want %d", got, want)
			}
			if got := server.uploads(t); got != max(tt.uploads, 1) {
				t.Errorf("%d uploads, want %d", got, max(tt.uploads, 1))
			}
		})
	}
}

// A later run of tus-js-client finds the URL of an upload by the fingerprint of the
// file, and resumes it or its parts.
func TestTusJSLaterRun(t *testing.T) {
	t.Parallel()
	if _, err := interopFolder(); err != nil {
		missing(t, err.Error())
	}
	program := buildTusker(t)
	tests := []struct {
		name    string
		options tusJSOptions
		uploads int
	}{
		{name: "one", options: tusJSOptions{}, uploads: 1},
		{name: "with the creation", options: tusJSOptions{Inline: true, Chunk: 2 * mib}, uploads: 1},
		{name: "in parts", options: tusJSOptions{Parallel: 3}, uploads: 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := serveTusker(t, program, "PATCH cut 1MiB", "PATCH status 403 go away")
			data := content(8 * mib)
			tt.options.Endpoint = server.url
			tt.options.File = filepath.Join(t.TempDir(), "elephant.bin")
			tt.options.Storage = filepath.Join(t.TempDir(), "urls.json")
			if err := os.WriteFile(tt.options.File, data, 0o600); err != nil {
				t.Fatal(err)
			}
			if url, failure := runTusJS(t, tt.options); !strings.Contains(failure, "go away") {
				t.Fatalf("printed %q, failure %q; want the text of the server", url, failure)
			}
			url, failure := runTusJS(t, tt.options)
			if failure != "" {
				t.Fatalf("upload.mjs: %s", failure)
			}
			server.check(t, url, data)
			if got := server.uploads(t); got != tt.uploads {
				t.Errorf("%d uploads, want %d", got, tt.uploads)
			}
		})
	}
}
