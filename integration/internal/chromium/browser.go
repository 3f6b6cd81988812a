// Package chromium runs a headless Chromium for tests of pages, and drives it
// with the Chrome DevTools Protocol over a pipe.
//
// The package has only what the tests need: pages, scripts in them, files that
// are chosen or dropped, keys, and downloads.
package chromium

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// ErrNotInstalled is the error of [Start] on a machine without Chromium.
var ErrNotInstalled = errors.New("chromium is not installed")

// programs are the names under which distributions install Chromium.
var programs = []string{"chromium", "chromium-browser", "google-chrome"}

// closeTimeout is how long Close waits for the process before it is killed.
const closeTimeout = 10 * time.Second

// Browser is a running Chromium. Its methods are safe for concurrent use.
type Browser struct {
	cmd  *exec.Cmd
	conn *conn
}

// Start starts a Chromium with a new profile in dir. The process is killed when
// ctx ends. The caller closes the Browser.
func Start(ctx context.Context, dir string) (*Browser, error) {
	program, err := find()
	if err != nil {
		return nil, err
	}
	args := []string{
		"--headless", "--remote-debugging-pipe", "--user-data-dir=" + filepath.Join(dir, "profile"),
		"--no-first-run", "--no-default-browser-check", "--no-proxy-server", "--disable-gpu", "--disable-dev-shm-usage",
		"--disable-extensions", "--disable-sync", "--disable-breakpad", "--disable-component-update",
		"--disable-background-networking", "--disable-domain-reliability", "--disable-default-apps",
		"--password-store=basic", "--window-size=900,1200",
	}
	if os.Geteuid() == 0 {
		// Chromium refuses to run as root with its sandbox.
		args = append(args, "--no-sandbox")
	}
	// Chromium reads commands from descriptor 3 and writes answers to 4.
	commands, toBrowser, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	fromBrowser, answers, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, commands.Close(), toBrowser.Close())
	}
	cmd := exec.CommandContext(ctx, program, args...)
	// In the locale C, Chromium finds no file whose name has other letters than those of ASCII.
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	cmd.ExtraFiles = []*os.File{commands, answers}
	cmd.WaitDelay = closeTimeout
	err = cmd.Start()
	_, _ = commands.Close(), answers.Close()
	if err != nil {
		return nil, errors.Join(err, toBrowser.Close(), fromBrowser.Close())
	}
	return &Browser{cmd: cmd, conn: newConn(toBrowser, fromBrowser)}, nil
}

func find() (string, error) {
	for _, name := range programs {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNotInstalled
}

// Close ends the process and waits for it.
func (b *Browser) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := b.conn.call(ctx, "", "Browser.close", nil, nil); err != nil {
		_ = b.cmd.Process.Kill()
	}
	killed := time.AfterFunc(closeTimeout, func() { _ = b.cmd.Process.Kill() })
	defer killed.Stop()
	_ = b.cmd.Wait()
	b.conn.close()
}

// Open opens a page in a new context, which has its own storage, and waits until
// the page is loaded. The caller closes the page.
func (b *Browser) Open(ctx context.Context, url string) (*Page, error) {
	var created struct {
		BrowserContextID string `json:"browserContextId"`
		TargetID         string `json:"targetId"`
		SessionID        string `json:"sessionId"`
	}
	if err := b.conn.call(ctx, "", "Target.createBrowserContext", nil, &created); err != nil {
		return nil, err
	}
	target := map[string]any{"url": "about:blank", "browserContextId": created.BrowserContextID}
	if err := b.conn.call(ctx, "", "Target.createTarget", target, &created); err != nil {
		return nil, err
	}
	attach := map[string]any{"targetId": created.TargetID, "flatten": true}
	if err := b.conn.call(ctx, "", "Target.attachToTarget", attach, &created); err != nil {
		return nil, err
	}
	p := &Page{conn: b.conn, session: created.SessionID, context: created.BrowserContextID}
	p.unsubscribe = b.conn.subscribe(p.noteProblem)
	for _, domain := range []string{"Page", "Runtime", "Log"} {
		if err := p.call(ctx, domain+".enable", nil, nil); err != nil {
			return nil, err
		}
	}
	if err := p.Navigate(ctx, url); err != nil {
		return nil, fmt.Errorf("open %s: %w", url, err)
	}
	return p, nil
}
