package chromium

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
)

// Page is a page in a browser.
type Page struct {
	conn        *conn
	session     string
	context     string
	unsubscribe func()

	mu       sync.Mutex
	problems []string
}

func (p *Page) call(ctx context.Context, method string, params, result any) error {
	return p.conn.call(ctx, p.session, method, params, result)
}

// Close closes the page and removes its storage.
func (p *Page) Close(ctx context.Context) error {
	p.unsubscribe()
	return p.conn.call(ctx, "", "Target.disposeBrowserContext", map[string]any{"browserContextId": p.context}, nil)
}

// Navigate loads another address, or the same one again, and waits until it is
// loaded.
func (p *Page) Navigate(ctx context.Context, url string) error {
	loaded := make(chan struct{}, 1)
	defer p.conn.subscribe(func(e event) {
		if e.session == p.session && e.method == "Page.loadEventFired" {
			select {
			case loaded <- struct{}{}:
			default:
			}
		}
	})()
	var result struct {
		ErrorText string `json:"errorText"`
	}
	if err := p.call(ctx, "Page.navigate", map[string]any{"url": url}, &result); err != nil {
		return err
	}
	if result.ErrorText != "" {
		return errors.New(result.ErrorText)
	}
	select {
	case <-loaded:
		return nil
	case <-p.conn.done:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// noteProblem keeps exceptions and errors of the console, such as violations of
// the content security policy.
func (p *Page) noteProblem(e event) {
	if e.session != p.session {
		return
	}
	var text string
	switch e.method {
	case "Runtime.exceptionThrown":
		var thrown struct {
			ExceptionDetails exception `json:"exceptionDetails"`
		}
		e.decode(&thrown)
		text = thrown.ExceptionDetails.String()
	case "Log.entryAdded":
		var log struct {
			Entry struct{ Source, Level, Text, URL string }
		}
		e.decode(&log)
		// Failed requests are what the tests are about.
		if log.Entry.Level != "error" || log.Entry.Source == "network" {
			return
		}
		text = log.Entry.Source + ": " + log.Entry.Text + " " + log.Entry.URL
	default:
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems = append(p.problems, text)
}

// Problems returns the exceptions that nothing caught, and the errors that the
// browser wrote to the console, without those of the network.
func (p *Page) Problems() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.problems...)
}

// exception is an error of a script.
type exception struct {
	Text      string `json:"text"`
	Exception struct {
		Description string `json:"description"`
	} `json:"exception"`
}

func (e exception) String() string { return e.Text + " " + e.Exception.Description }

// Eval runs a script, waits for its promise, and stores the result in result.
// nil: the result is not used.
func (p *Page) Eval(ctx context.Context, script string, result any) error {
	var answer struct {
		Result struct {
			Value any `json:"value"`
		} `json:"result"`
		ExceptionDetails *exception `json:"exceptionDetails"`
	}
	answer.Result.Value = result
	params := map[string]any{"expression": script, "awaitPromise": true, "returnByValue": true, "userGesture": true}
	if err := p.call(ctx, "Runtime.evaluate", params, &answer); err != nil {
		return err
	}
	if answer.ExceptionDetails != nil {
		return errors.New(answer.ExceptionDetails.String())
	}
	return nil
}

// Wait waits until an expression is true.
func (p *Page) Wait(ctx context.Context, condition string) error {
	script := fmt.Sprintf(`new Promise((resolve) => {
		const timer = setInterval(() => { if (%s) { clearInterval(timer); resolve(); } }, 10);
	})`, condition)
	if err := p.Eval(ctx, script, nil); err != nil {
		return fmt.Errorf("wait for %s: %w", condition, err)
	}
	return nil
}

// Choose selects files in a file input.
func (p *Page) Choose(ctx context.Context, selector string, files ...string) error {
	var found struct {
		Result struct {
			ObjectID string `json:"objectId"`
		} `json:"result"`
	}
	if err := p.call(ctx, "Runtime.evaluate", map[string]any{"expression": fmt.Sprintf("document.querySelector(%q)", selector)}, &found); err != nil {
		return err
	}
	return p.call(ctx, "DOM.setFileInputFiles", map[string]any{"objectId": found.Result.ObjectID, "files": files}, nil)
}

// Drop drops files from outside the browser on the middle of an element.
func (p *Page) Drop(ctx context.Context, selector string, files ...string) error {
	var at struct{ X, Y float64 }
	script := fmt.Sprintf(`(() => {
		const e = document.querySelector(%q);
		e.scrollIntoView();
		const r = e.getBoundingClientRect();
		return { X: r.x + r.width / 2, Y: r.y + r.height / 2 };
	})()`, selector)
	if err := p.Eval(ctx, script, &at); err != nil {
		return err
	}
	for _, kind := range []string{"dragEnter", "dragOver", "drop"} {
		data := map[string]any{"items": []any{}, "files": files, "dragOperationsMask": 1}
		if err := p.call(ctx, "Input.dispatchDragEvent", map[string]any{"type": kind, "x": at.X, "y": at.Y, "data": data}, nil); err != nil {
			return err
		}
	}
	return nil
}

// keys are the named keys that Press knows, with their codes and their text.
var keys = map[string]struct {
	code int
	text string
}{"Tab": {9, ""}, "Enter": {13, "\r"}, "ArrowDown": {40, ""}}

// Press presses and releases a named key.
func (p *Page) Press(ctx context.Context, key string) error {
	k, ok := keys[key]
	if !ok {
		return fmt.Errorf("unknown key %q", key)
	}
	for _, kind := range []string{"keyDown", "keyUp"} {
		params := map[string]any{"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": k.code}
		if kind == "keyDown" && k.text != "" {
			params["text"] = k.text
		}
		if err := p.call(ctx, "Input.dispatchKeyEvent", params, nil); err != nil {
			return err
		}
	}
	return nil
}

// EmulateColorScheme lets the page see that the user prefers "light" or "dark".
func (p *Page) EmulateColorScheme(ctx context.Context, scheme string) error {
	return p.call(ctx, "Emulation.setEmulatedMedia", map[string]any{
		"features": []any{map[string]any{"name": "prefers-color-scheme", "value": scheme}},
	}, nil)
}

// Screenshot returns a picture of the page as PNG.
func (p *Page) Screenshot(ctx context.Context) ([]byte, error) {
	var shot struct {
		Data string `json:"data"`
	}
	if err := p.call(ctx, "Page.captureScreenshot", map[string]any{"captureBeyondViewport": true}, &shot); err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(shot.Data)
}

// Download runs a script that starts a download, and waits until the file is
// complete in dir. It returns the path of the file.
func (p *Page) Download(ctx context.Context, dir, script string) (string, error) {
	// The order of events is kept: the name comes first.
	finished := make(chan string, 1)
	var name string
	defer p.conn.subscribe(func(e event) {
		var download struct{ SuggestedFilename, State string }
		e.decode(&download)
		switch {
		case e.method == "Browser.downloadWillBegin":
			name = download.SuggestedFilename
		case e.method == "Browser.downloadProgress" && download.State != "inProgress":
			select {
			case finished <- download.State:
			default:
			}
		}
	})()
	behavior := map[string]any{"behavior": "allow", "browserContextId": p.context, "downloadPath": dir, "eventsEnabled": true}
	if err := p.conn.call(ctx, "", "Browser.setDownloadBehavior", behavior, nil); err != nil {
		return "", err
	}
	if err := p.Eval(ctx, script, nil); err != nil {
		return "", err
	}
	select {
	case state := <-finished:
		if state != "completed" {
			return "", fmt.Errorf("download: %s", state)
		}
		return filepath.Join(dir, name), nil
	case <-p.conn.done:
		return "", errClosed
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
