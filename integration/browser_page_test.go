package integration

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/testserver/page"
)

// gate holds each PATCH until the test opens it, and forgets one whose client has
// left.
type gate struct {
	arrived chan struct{} // a PATCH has come to the gate
	open    chan struct{} // a value lets one PATCH pass
	left    chan struct{} // the client of a PATCH has left
}

func newGate() *gate {
	return &gate{arrived: make(chan struct{}, 100), open: make(chan struct{}), left: make(chan struct{}, 100)}
}

func (g *gate) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	// The body is read first, because net/http notices only then that a client
	// leaves.
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	g.arrived <- struct{}{}
	select {
	case <-g.open:
	case <-r.Context().Done():
		g.left <- struct{}{}
		panic(http.ErrAbortHandler)
	}
	r = r.WithContext(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	next.ServeHTTP(w, r)
}

// receive waits for a value of the gate.
func (p *tab) receive(from <-chan struct{}, what string) {
	p.t.Helper()
	select {
	case <-from:
	case <-p.ctx.Done():
		p.t.Fatalf("no PATCH %s", what)
	}
}

// pass lets the next PATCH pass.
func (p *tab) pass(g *gate) {
	p.t.Helper()
	p.receive(g.arrived, "arrived")
	g.open <- struct{}{}
}

// row is the upload that the page shows.
const row = "document.querySelector('.upload')"

// showsUpload waits until the upload has a state and an acknowledged offset.
func (p *tab) showsUpload(state string, offset int) {
	p.t.Helper()
	p.wait(row+"?.classList.contains(%q) && "+row+".querySelector('progress').value === %d", state, offset)
}

// breakNext chooses a fault and clicks the button.
func (p *tab) breakNext(fault string) {
	p.t.Helper()
	p.run(`document.getElementById("fault").value = %q; document.getElementById("break").click()`, fault)
	p.wait(`document.getElementById("status").textContent.startsWith("The next request breaks")`)
}

// patches lists the offsets of the PATCH requests that the server answered, with
// their statuses if these are errors.
func patches(srv *testserver.Server) string {
	var out []string
	for _, r := range srv.Requests() {
		switch {
		case r.Method != http.MethodPatch:
			if r.Method != http.MethodGet {
				out = append(out, r.Method)
			}
		case r.Status == http.StatusNoContent:
			out = append(out, fmt.Sprint(r.Offset))
		case r.Status != 0:
			out = append(out, fmt.Sprintf("%d:%d", r.Offset, r.Status))
		}
	}
	return strings.Join(out, " ")
}

// A file is dropped, its upload is broken, paused and interrupted by a reload, and
// resumes each time without sending acknowledged bytes again. The finished file
// is downloaded from the list.
func TestPage(t *testing.T) {
	t.Parallel()
	g := newGate()
	srv := testserver.New(t, testserver.Config{Site: page.New})
	srv.Inject(testserver.Fault{Method: http.MethodPatch, Times: testserver.Always, Do: g})
	const name = "слон & co <b>.bin"
	file, data := writeContent(t, name, 5*mib+7)

	p := openTab(t, siteOf(srv))
	p.must(p.Drop(p.ctx, "#drop", file))
	p.pass(g)
	p.showsUpload("sending", mib)

	// A PATCH waits at the gate, and the one after it breaks.
	p.receive(g.arrived, "arrived")
	p.breakNext("409")
	g.open <- struct{}{}
	p.wait(`[...document.querySelectorAll("#log .bad")].some((e) => e.textContent === "PATCH at %d: 409")`, 2*mib)
	p.pass(g)
	p.showsUpload("sending", 3*mib)

	// Pause ends the request that waits at the gate.
	p.receive(g.arrived, "arrived")
	p.run(row + `.querySelector(".toggle").click()`)
	p.showsUpload("paused", 3*mib)
	p.receive(g.left, "was ended by the pause")
	var label string
	p.eval(&label, row+`.querySelector(".toggle").getAttribute("aria-label")`)
	if want := "Resume " + name; label != want {
		t.Errorf("label %q, want %q", label, want)
	}
	p.run(row + `.querySelector(".toggle").click()`)
	p.pass(g)
	p.showsUpload("sending", 4*mib)

	// After a reload, the same file resumes at the acknowledged offset.
	p.receive(g.arrived, "arrived")
	p.must(p.Navigate(p.ctx, siteOf(srv)))
	p.receive(g.left, "was ended by the reload")
	p.showsUpload("interrupted", 4*mib)
	p.must(p.Choose(p.ctx, "#files", file))
	p.pass(g)
	p.pass(g)
	p.showsUpload("done", 5*mib+7)
	want := fmt.Sprintf("POST 0 %d %d:409 HEAD %d HEAD %d HEAD %d %d", mib, 2*mib, 2*mib, 3*mib, 4*mib, 5*mib)
	if diff := cmp.Diff(want, patches(srv)); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}

	p.wait(`document.querySelector("#finished a")?.textContent === %q`, name)
	got, err := p.Download(p.ctx, t.TempDir(), `document.querySelector("#finished a").click()`)
	p.must(err)
	if stored, err := os.ReadFile(got); err != nil || !bytes.Equal(stored, data) {
		t.Errorf("downloaded %d other bytes, %v; want %d", len(stored), err, len(data))
	}
	// Nothing is left to resume.
	p.must(p.Navigate(p.ctx, siteOf(srv)))
	p.wait(`document.querySelector("#finished a") && !document.querySelector(".upload")`)
}

// Each fault that the page offers breaks the next PATCH, and the upload survives
// it. Chromium may repeat a PATCH by itself if its connection was lost; the page
// then sees 409, because a part of the PATCH is stored.
func TestPageFaults(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string]string{
		"cut": "connection lost|409", "drop": "connection lost|409", "409": "409", "423": "423", "500": "500", "503": "503",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			g := newGate()
			srv := testserver.New(t, testserver.Config{Site: page.New})
			srv.Inject(testserver.Fault{Method: http.MethodPatch, Do: g})
			p := openTab(t, siteOf(srv))
			file, data := writeContent(t, "a.bin", 2*mib+5)
			p.must(p.Choose(p.ctx, "#files", file))
			p.receive(g.arrived, "arrived")
			p.breakNext(fault)
			g.open <- struct{}{}
			p.showsUpload("done", len(data))
			var bad []string
			p.eval(&bad, `[...document.querySelectorAll("#log .bad")].map((e) => e.textContent)`)
			if match := regexp.MustCompile(fmt.Sprintf("^PATCH at %d: (%s)$", mib, want)); len(bad) != 1 || !match.MatchString(bad[0]) {
				t.Errorf("failures %q, want one that matches %s", bad, match)
			}
			uploads, err := srv.Uploads()
			if err != nil || len(uploads) != 1 {
				t.Fatalf("uploads %v, %v; want one", uploads, err)
			}
			if stored, err := srv.Bytes(uploads[0]); err != nil || !bytes.Equal(stored, data) {
				t.Errorf("the server has %d other bytes, %v; want %d", len(stored), err, len(data))
			}
			if left := srv.Pending(); len(left) > 0 {
				t.Errorf("faults that were not used: %v", left)
			}
		})
	}
}

// Three files are sent at the same time, and the others wait. A removed upload is
// deleted on the server.
func TestPageManyFiles(t *testing.T) {
	t.Parallel()
	g := newGate()
	srv := testserver.New(t, testserver.Config{Site: page.New})
	srv.Inject(testserver.Fault{Method: http.MethodPatch, Times: testserver.Always, Do: g})
	p := openTab(t, siteOf(srv))
	var files []string
	for _, name := range []string{"1.bin", "2.bin", "3.bin", "4.bin", "5.bin"} {
		file, _ := writeContent(t, name, 1000)
		files = append(files, file)
	}
	p.must(p.Choose(p.ctx, "#files", files...))
	for range 3 {
		p.receive(g.arrived, "arrived")
	}
	states := func() (out []string) {
		p.eval(&out, `[...document.querySelectorAll(".upload")].map((e) => e.className.replace("upload ", ""))`)
		return out
	}
	if diff := cmp.Diff([]string{"sending", "sending", "sending", "waiting", "waiting"}, states()); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	p.run(`document.querySelector(".upload:last-child .toggle").click()`)
	p.run(`document.querySelector(".upload .remove").click()`)
	p.wait(`[...document.querySelectorAll("#log li")].some((e) => e.textContent === "DELETE: 204")`)
	p.receive(g.left, "was ended by the removal")
	// Its place is free for the fourth file.
	p.receive(g.arrived, "arrived")
	if diff := cmp.Diff([]string{"sending", "sending", "sending", "paused"}, states()); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	close(g.open)
	p.wait(`document.querySelectorAll(".upload.done").length === 3`)
	p.run(`document.querySelector(".upload.paused .toggle").click()`)
	p.wait(`document.querySelectorAll("#finished a").length === 4`)
	if uploads, err := srv.Uploads(); err != nil || len(uploads) != 4 {
		t.Errorf("uploads %v, %v; want 4", uploads, err)
	}
}

// Names of files are text, whatever characters they have. S-SERVE-PAGE.
func TestPageEscapesNames(t *testing.T) {
	t.Parallel()
	srv := testserver.New(t, testserver.Config{Site: page.New})
	const attack = `"><img src=x onerror="document.title='attacked'"><script>document.title='attacked'</script>`
	createNamed(t, srv, attack)
	createNamed(t, srv, "a\u202egpj.exe\x00\n")
	p := openTab(t, siteOf(srv))
	p.wait(`document.querySelectorAll("#finished a").length === 2`)
	var got struct {
		Names    []string
		Elements int
		Title    string
	}
	p.eval(&got, `({
		Names: [...document.querySelectorAll("#finished a")].map((a) => a.textContent).sort(),
		Elements: document.querySelectorAll("img, script, #finished script").length,
		Title: document.title,
	})`)
	if diff := cmp.Diff([]string{attack, "a\ufffdgpj.exe\ufffd\ufffd"}, got.Names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if got.Elements != 2 || got.Title != "tusker serve" {
		t.Errorf("%d images and scripts, title %q; want the two scripts of the page", got.Elements, got.Title)
	}
}

// The page can be used with the keyboard alone, and has names for its controls.
func TestPageWithKeys(t *testing.T) {
	t.Parallel()
	srv := testserver.New(t, testserver.Config{Site: page.New})
	createNamed(t, srv, "a.txt")
	p := openTab(t, siteOf(srv))
	p.wait(`document.querySelector("#finished a")`)
	focused := func(want string) {
		t.Helper()
		p.must(p.Press(p.ctx, "Tab"))
		var got string
		p.eval(&got, `document.activeElement.id || document.activeElement.textContent`)
		if got != want {
			t.Errorf("Tab leads to %q, want %q", got, want)
		}
	}
	focused("files")
	focused("fault")
	p.must(p.Press(p.ctx, "ArrowDown"))
	focused("break")
	p.must(p.Press(p.ctx, "Enter"))
	p.wait(`document.getElementById("status").textContent.includes("breaks: lose the answer")`)
	focused("a.txt")
	var unnamed []string
	p.eval(&unnamed, `[...document.querySelectorAll("input, select, button, progress, a, table, [tabindex]")].filter((e) =>
		!(e.labels?.length || e.textContent.trim() || e.getAttribute("aria-label") || e.getAttribute("aria-labelledby"))).map((e) => e.outerHTML)`)
	if len(unnamed) > 0 {
		t.Errorf("controls without a name: %v", unnamed)
	}
}

// Text has a contrast of 4.5 to its background at least (WCAG 2.2, 1.4.3), in the
// light and in the dark scheme.
func TestPageContrast(t *testing.T) {
	t.Parallel()
	srv := testserver.New(t, testserver.Config{Site: page.New})
	createNamed(t, srv, "a.txt")
	p := openTab(t, siteOf(srv))
	p.wait(`document.querySelector("#finished a")`)
	p.checkContrast()
}

// checkContrast compares the colors of texts with those behind them, in both schemes.
func (p *tab) checkContrast() {
	p.t.Helper()
	backgrounds := make(map[string]bool)
	for _, scheme := range []string{"light", "dark"} {
		p.must(p.EmulateColorScheme(p.ctx, scheme))
		var got struct {
			Background string
			Low        []string
		}
		p.eval(&got, `(() => {
			const rgb = (color) => color.match(/[\d.]+/g).map(Number);
			const luminance = (color) => {
				const [r, g, b] = rgb(color).map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
				return 0.2126 * r + 0.7152 * g + 0.0722 * b;
			};
			const background = (e) => {
				for (; e; e = e.parentElement) {
					const color = getComputedStyle(e).backgroundColor;
					if (rgb(color)[3] !== 0) return color;
				}
				return "rgb(255, 255, 255)";
			};
			const contrast = (e) => {
				const [a, b] = [luminance(getComputedStyle(e).color), luminance(background(e))].sort((a, b) => b - a);
				return (a + 0.05) / (b + 0.05);
			};
			const texts = [...document.querySelectorAll("h1, h2, p, strong, code, label, select, button, th, td, a, bdi, time, dt, dd, span")];
			return {
				Background: getComputedStyle(document.body).backgroundColor,
				Low: texts.filter((e) => contrast(e) < 4.5).map((e) => e.tagName + " " + contrast(e).toFixed(2)),
			};
		})()`)
		backgrounds[got.Background] = true
		if len(got.Low) > 0 {
			p.t.Errorf("%s: low contrast: %v", scheme, got.Low)
		}
	}
	if len(backgrounds) != 2 {
		p.t.Errorf("backgrounds %v, want one for each scheme", backgrounds)
	}
}
