package examples_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tusker-go/tusker/client/storetest/databases"
	"github.com/tusker-go/tusker/testserver"
)

const fileCount = 12

// Two workers of each program upload each file once, although each was added twice. They end in
// good order when they are told to.
func TestPrograms(t *testing.T) {
	for name, database := range map[string]func(*testing.T) *databases.Server{
		"river": databases.Postgres,
		"asynq": databases.Redis,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := testserver.New(t, testserver.Config{})
			p := program{path: build(t, name), database: database(t).URL(), endpoint: srv.URL()}
			files := writeFiles(t)
			p.run(t, append([]string{"add"}, append(files, files...)...)...)
			lines := make(chan string)
			stop := []func(){p.work(t, lines), p.work(t, lines)}
			urls := make(map[string]string) // by file
			for range 2 * fileCount {
				url, file, _ := strings.Cut(<-lines, " ")
				if was := urls[file]; was != "" && was != url {
					t.Errorf("%s has the URLs %s and %s", file, was, url)
				}
				urls[file] = url
			}
			for _, stop := range stop {
				stop()
			}
			for i, file := range files {
				if got, err := srv.Bytes(urls[file]); err != nil || !bytes.Equal(got, content(i)) {
					t.Errorf("%s: the server has %d bytes at %q, error %v", file, len(got), urls[file], err)
				}
			}
			if all, err := srv.Uploads(); err != nil || len(all) != fileCount {
				t.Errorf("the server has %d uploads, error %v, want %d", len(all), err, fileCount)
			}
		})
	}
}

func build(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "./"+name).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

func writeFiles(t *testing.T) []string {
	t.Helper()
	folder := t.TempDir()
	var files []string
	for i := range fileCount {
		file := filepath.Join(folder, fmt.Sprint("file", i))
		if err := os.WriteFile(file, content(i), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// content returns the bytes of a file.
func content(i int) []byte { return bytes.Repeat([]byte{byte(i + 1)}, 100_000*i) }

// program is one of the programs, and where it finds its queue and its server.
type program struct{ path, database, endpoint string }

func (p program) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	return exec.CommandContext(t.Context(), p.path, append([]string{p.database, p.endpoint}, args...)...)
}

func (p program) run(t *testing.T, args ...string) {
	t.Helper()
	if out, err := p.command(t, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// work starts a worker that writes its lines to the channel. Stop ends it.
func (p program) work(t *testing.T, lines chan<- string) (stop func()) {
	t.Helper()
	cmd := p.command(t, "work")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for s := bufio.NewScanner(out); s.Scan(); {
			lines <- s.Text()
		}
	}()
	return func() {
		t.Helper()
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		<-done
		if err := cmd.Wait(); err != nil {
			t.Errorf("the worker ended with %v\n%s", err, &stderr)
		}
	}
}
