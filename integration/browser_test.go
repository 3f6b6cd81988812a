package integration

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tusker-go/tusker/integration/internal/chromium"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/testserver/page"
)

// browserPatience is more than any step of a page takes on a busy machine.
const browserPatience = 2 * time.Minute

// chromiumOfTests is the Chromium of all tests of pages, because its start takes
// time. closeChromium closes it.
var chromiumOfTests = sync.OnceValues(func() (*chromium.Browser, error) {
	dir, err := os.MkdirTemp("", "tusker-chromium-*")
	if err != nil {
		return nil, err
	}
	b, err := chromium.Start(context.Background(), dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	closeChromium = func() {
		b.Close()
		// A process of Chromium may still write there for a moment.
		_ = os.RemoveAll(dir)
	}
	return b, nil
})

// closeChromium is called after all tests.
var closeChromium = func() {}

// tab is a page whose failures end the test.
type tab struct {
	*chromium.Page
	t   *testing.T
	ctx context.Context

	// errorsExpected is set if the browser reports errors of the page as it should.
	errorsExpected bool
}

// openTab opens a page. The test fails if the page has uncaught exceptions or
// violates a policy, unless errorsExpected is set.
func openTab(t *testing.T, url string) *tab {
	t.Helper()
	b, err := chromiumOfTests()
	if errors.Is(err, chromium.ErrNotInstalled) {
		missing(t, err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), browserPatience)
	p, err := b.Open(ctx, url)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	opened := &tab{Page: p, t: t, ctx: ctx}
	t.Cleanup(func() {
		cancel()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		for _, problem := range p.Problems() {
			if !opened.errorsExpected {
				t.Errorf("%s: %s", url, problem)
			}
		}
		if t.Failed() {
			var text string
			if err := p.Eval(ctx, "document.body.innerText", &text); err == nil {
				t.Logf("%s shows:\n%s", url, text)
			}
		}
		_ = p.Close(ctx)
	})
	return opened
}

func (p *tab) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *tab) wait(condition string, args ...any) {
	p.t.Helper()
	p.must(p.Wait(p.ctx, fmt.Sprintf(condition, args...)))
}

func (p *tab) run(script string, args ...any) {
	p.t.Helper()
	p.must(p.Eval(p.ctx, fmt.Sprintf(script, args...), nil))
}

func (p *tab) eval(result any, script string, args ...any) {
	p.t.Helper()
	p.must(p.Eval(p.ctx, fmt.Sprintf(script, args...), result))
}

// clientSite is a site on its own origin whose page has tus-js-client, Uppy and
// the script of testdata/browser.
func clientSite(t *testing.T) *httptest.Server {
	t.Helper()
	dir, err := browserFolder()
	if err != nil {
		missing(t, err.Error())
	}
	mux := http.NewServeMux()
	for path, file := range map[string]string{
		"/tus.js":    "node_modules/tus-js-client/dist/tus.min.js",
		"/uppy.js":   "node_modules/uppy/dist/uppy.min.js",
		"/upload.js": "upload.js",
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			http.ServeFile(w, r, filepath.Join(dir, filepath.FromSlash(file)))
		})
	}
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`<!DOCTYPE html><title>clients</title><link rel="icon" href="data:,">` +
			`<input type="file"><script src="/tus.js"></script><script src="/uppy.js"></script><script src="/upload.js"></script>`))
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// writeContent writes a file with this name and n bytes.
func writeContent(t *testing.T, name string, n int) (file string, data []byte) {
	t.Helper()
	data = content(n)
	file = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return file, data
}

// A page of another origin sees the statuses of all faults, and its upload
// survives them.
func TestBrowserClients(t *testing.T) {
	t.Parallel()
	// net/http reads a body of this size after an early answer, and does not close
	// the connection. A browser then always sees the answer.
	const chunk = 200_000
	site := clientSite(t)
	for _, client := range []string{"tusJS", "uppy"} {
		t.Run(client, func(t *testing.T) {
			t.Parallel()
			srv := testserver.New(t, testserver.Config{})
			srv.Inject(
				testserver.Fault{Method: http.MethodPost, Do: testserver.RetryAfter(http.StatusServiceUnavailable, time.Second)},
				testserver.Fault{Method: http.MethodPatch, Times: 1, Do: testserver.Locked(0)},
				testserver.Fault{Method: http.MethodPatch, Do: testserver.Status(http.StatusConflict, nil, "")},
				testserver.Fault{Method: http.MethodPatch, Do: testserver.LockTimeout()},
				testserver.Fault{Method: http.MethodPatch, Do: testserver.Status(http.StatusServiceUnavailable, nil, "")},
				testserver.Fault{Method: http.MethodPatch, Do: testserver.CutAfter(chunk / 2)},
			)
			file, data := writeContent(t, "слон.bin", 5*chunk+5)
			p := openTab(t, site.URL)
			p.must(p.Choose(p.ctx, "input", file))
			var got struct {
				URL  string
				Seen []int
			}
			p.eval(&got, "clients.%s(%q, %d)", client, srv.URL(), chunk)
			stored, err := srv.Bytes(got.URL)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(stored, data) {
				t.Errorf("the server has %d other bytes, want %d", len(stored), len(data))
			}
			// Chromium may send a request again by itself if its connection was
			// used before. The PATCH that was cut then gets 409, because a part of
			// it is stored.
			want := []int{503, 423, 409, 500, 503}
			if len(got.Seen) < len(want) || !slices.Equal(got.Seen[:len(want)], want) {
				t.Errorf("the page saw %v, want %v first", got.Seen, want)
			}
			if last := got.Seen[min(len(want), len(got.Seen)):]; len(last) > 0 && !slices.Equal(last, []int{0}) && !slices.Equal(last, []int{409}) {
				t.Errorf("the page saw %v after the cut, want 0 or 409", last)
			}
			if left := srv.Pending(); len(left) > 0 {
				t.Errorf("faults that were not used: %v", left)
			}
			if info, err := srv.Info(got.URL); err != nil || info.Metadata["filename"] != "слон.bin" && info.Metadata["name"] != "слон.bin" {
				t.Errorf("metadata %v, %v", info.Metadata, err)
			}
		})
	}
}

// A page of another origin cannot break requests or read the list of uploads, but
// can upload. S-SERVE-PAGE.
func TestBrowserOtherOrigin(t *testing.T) {
	t.Parallel()
	srv := testserver.New(t, testserver.Config{Site: page.New})
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`<!DOCTYPE html><link rel="icon" href="data:,">`))
	}))
	t.Cleanup(site.Close)
	p := openTab(t, site.URL)
	p.errorsExpected = true
	root := siteOf(srv)
	var outcomes []string
	p.eval(&outcomes, `Promise.all([
		fetch("%[1]spage/uploads"),
		fetch("%[1]spage/fault", { method: "POST", headers: { "Content-Type": "application/json" }, body: '{"fault":"503"}' }),
		fetch("%[1]spage/fault", { method: "POST", headers: { "Content-Type": "text/plain" }, body: '{"fault":"503"}' }),
		fetch("%[1]spage/fault", { method: "POST", mode: "no-cors", body: '{"fault":"503"}' }),
		fetch("%[2]s", { method: "POST", headers: { "Tus-Resumable": "1.0.0", "Upload-Length": "1" } }),
	].map((p) => p.then((r) => r.type + " " + r.status, (err) => "refused")))`, root, srv.URL())
	want := []string{"refused", "refused", "refused", "refused", "cors 201"}
	if !slices.Equal(outcomes, want) {
		t.Errorf("got %v, want %v", outcomes, want)
	}
	if left := srv.Pending(); len(left) > 0 {
		t.Errorf("another origin injected %v", left)
	}
}

// siteOf returns the address of the page of a server.
func siteOf(srv *testserver.Server) string {
	return srv.URL()[:len(srv.URL())-len("files/")]
}

// createNamed creates an empty upload with this file name.
func createNamed(t *testing.T, srv *testserver.Server, name string) {
	t.Helper()
	metadata, err := protocol.Metadata{"filename": name}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(protocol.HeaderResumable, protocol.Version)
	req.Header.Set(protocol.HeaderUploadLength, "0")
	req.Header.Set(protocol.HeaderUploadMetadata, metadata)
	res, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusCreated {
		t.Fatalf("got status %d", res.StatusCode)
	}
}
