package integration

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
)

// begin starts an upload through the proxy and returns a channel for its outcome.
func begin(t *testing.T, proxy *tap, server *tusNode, cfg client.Config, data []byte, onEvent func(client.Event)) <-chan outcome {
	t.Helper()
	cfg.Endpoint, cfg.Doer = proxy.through(t, server.url), doers[0].new(t)
	cfg.Retry, cfg.Locked = quick, quick
	c, src := newClient(t, cfg), readerAt(t, data)
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		o.result, o.err = c.Upload(t.Context(), src, &client.UploadOptions{OnEvent: func(ev client.Event) {
			o.events = append(o.events, ev)
			if onEvent != nil {
				onEvent(ev)
			}
		}})
		done <- o
	}()
	return done
}

// await returns when the proxy has stopped. The test fails if the upload ends earlier.
func await(t *testing.T, reached <-chan struct{}, done <-chan outcome) {
	t.Helper()
	select {
	case <-reached:
	case o := <-done:
		t.Fatalf("error %v, result %+v", o.err, o.result)
	}
}

// A server that is killed and restarted has all acknowledged bytes, and gets the
// rest.
func TestTusNodeServerKilled(t *testing.T) {
	t.Parallel()
	server := startTusNode(t, tusNodeOptions{})
	proxy := newTap(t, hostOf(t, server.url))
	reached, release := proxy.arm(3*mib+512*kib, false)
	defer release()
	data := content(8 * mib)
	done := begin(t, proxy, server, client.Config{ChunkSize: mib}, data, nil)
	await(t, reached, done)
	server.stop(t)
	server.start(t)
	release()
	o := <-done
	if o.err != nil {
		t.Fatal(o.err)
	}
	checkEvents(t, o)
	server.check(t, o.result.URL, data)
	// The log may lack the last requests before the kill.
	asked := slices.Index(server.requests(t), http.MethodHead)
	if asked < 0 {
		t.Fatalf("there is no HEAD for the offset: %s", server.log)
	}
	for _, r := range server.log[asked:] {
		at, ok := strings.CutPrefix(r, "PATCH@")
		if offset, err := strconv.Atoi(at); ok && (err != nil || offset < 3*mib) || r == http.MethodPost {
			t.Errorf("requests %s after the kill", r)
		}
	}
}

// The command line is killed again and again, and always resumes its only upload.
func TestTusNodeClientKilled(t *testing.T) {
	t.Parallel()
	server := startTusNode(t, tusNodeOptions{})
	program := buildTusker(t)
	proxy := newTap(t, hostOf(t, server.url))
	data := content(16 * mib)
	file, state := filepath.Join(t.TempDir(), "elephant.bin"), t.TempDir()
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout bytes.Buffer
	for _, limit := range []int64{2 * mib, 5 * mib, mib, -1} {
		reached, release := proxy.arm(limit, limit == mib)
		stdout.Reset()
		cmd := exec.CommandContext(t.Context(), program, "upload", "--state-dir", state, "--retry-max-wait", "10ms",
			proxy.through(t, server.url), file)
		var stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case <-reached:
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			if err := <-ended; err == nil {
				t.Fatal("the process exited with 0, although it was killed")
			}
		case err := <-ended:
			if err != nil || limit >= 0 {
				t.Fatalf("tusker upload: %v\n%s", err, &stderr)
			}
		}
		release()
	}
	url, ok := strings.CutSuffix(stdout.String(), "\n")
	if !ok || strings.Contains(url, "\n") {
		t.Fatalf("printed %q", stdout.String())
	}
	server.check(t, url, data)
	if n := server.count(t, http.MethodPost); n != 1 {
		t.Errorf("%d creations, want 1: %s", n, server.log)
	}
}

// Another request for the upload takes the lock: the server ends the PATCH, and
// names its offset.
func TestTusNodeLostLock(t *testing.T) {
	t.Parallel()
	server := startTusNode(t, tusNodeOptions{})
	proxy := newTap(t, hostOf(t, server.url))
	reached, release := proxy.arm(3*mib, false)
	defer release()
	data := content(8 * mib)
	done := begin(t, proxy, server, client.Config{}, data, nil)
	await(t, reached, done)
	other := newClient(t, client.Config{Doer: doers[0].new(t)})
	reply, err := other.Head(t.Context(), server.uploads(t)[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	release()
	o := <-done
	if o.err != nil {
		t.Fatal(o.err)
	}
	checkEvents(t, o)
	server.check(t, o.result.URL, data)
	requests := server.requests(t)
	if want := patchAt(reply.State.Offset); requests[len(requests)-1] != want || o.result.Retries > 1 {
		t.Errorf("requests %s, %d retries, want the last to be %s", requests, o.result.Retries, want)
	}
}

// A connection becomes silent in the middle of a request. The client ends it and asks for
// the offset, even if the server has not noticed that the connection is dead.
func TestTusNodeStall(t *testing.T) {
	t.Parallel()
	server := startTusNode(t, tusNodeOptions{})
	proxy := newTap(t, hostOf(t, server.url))
	_, release := proxy.arm(3*mib, false)
	defer release()
	data := content(24 * mib)
	o := <-begin(t, proxy, server, client.Config{StallTimeout: 2 * time.Second}, data, func(ev client.Event) {
		if ev.Kind == client.EventRetry {
			release()
		}
	})
	if o.err != nil {
		t.Fatal(o.err)
	}
	checkEvents(t, o)
	server.check(t, o.result.URL, data)
	for _, ev := range o.events {
		if ev.Kind == client.EventRetry {
			if !errors.Is(ev.Err, client.ErrStalled) {
				t.Errorf("first retry after %v", ev.Err)
			}
			break
		}
	}
	if n := server.count(t, http.MethodPost); n != 1 || o.result.Retries == 0 {
		t.Errorf("%d creations, %d retries", n, o.result.Retries)
	}
}

// Each connection ends after 1 MiB.
func TestTusNodeCuts(t *testing.T) {
	t.Parallel()
	for _, d := range doers {
		if d.wrap != nil {
			continue // the test needs another server
		}
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			server := startTusNode(t, tusNodeOptions{})
			proxy := newCutter(t, hostOf(t, server.url), mib, true)
			c := newClient(t, client.Config{Endpoint: proxy.through(t, server.url), Doer: d.new(t), Retry: quick, Locked: quick})
			data := content(8 * mib)
			var o outcome
			o.result, o.err = c.Upload(t.Context(), readerAt(t, data), &client.UploadOptions{
				OnEvent: func(ev client.Event) { o.events = append(o.events, ev) },
			})
			if o.err != nil {
				t.Fatalf("after %d cuts: %v", proxy.cuts.Load(), o.err)
			}
			checkEvents(t, o)
			server.check(t, o.result.URL, data)
			last := -1
			for _, r := range server.requests(t)[1:] {
				at, ok := strings.CutPrefix(r, "PATCH@")
				if !ok && r != http.MethodHead {
					t.Errorf("got %s after the creation", r)
				}
				if offset, err := strconv.Atoi(at); ok && (err != nil || offset <= last) {
					t.Errorf("got %s after a PATCH at %d", r, last)
				} else if ok {
					last = offset
				}
			}
			if n := proxy.cuts.Load(); n < 8 {
				t.Errorf("%d cuts, want many", n)
			}
		})
	}
}

// The command line uploads several files, shows them, and deletes them.
func TestTusNodeCommands(t *testing.T) {
	t.Parallel()
	server := startTusNode(t, tusNodeOptions{})
	program := buildTusker(t)
	dir := t.TempDir()
	contents := [][]byte{content(0), content(1), content(5 * mib)}
	args := []string{"upload", "--output", "url", "--parallel", "2", server.url}
	for i, data := range contents {
		name := filepath.Join(dir, strconv.Itoa(i)+" слон.txt")
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, name)
	}
	urls := strings.Fields(runTusker(t, program, args...))
	if len(urls) != len(contents) {
		t.Fatalf("printed %q", urls)
	}
	for i, url := range urls {
		server.check(t, url, contents[i])
	}
	const lines = "filename: 2 слон.txt\nfiletype: text/plain\nmime_type: text/plain\n"
	if diff := cmp.Diff(lines, runTusker(t, program, "metadata", urls[2])); diff != "" {
		t.Errorf("metadata printed (-want +got):\n%s", diff)
	}
	runTusker(t, program, append([]string{"terminate"}, urls...)...)
	if left := server.uploads(t); len(left) > 0 {
		t.Errorf("the server still has uploads: %s", left)
	}
}
