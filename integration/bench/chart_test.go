package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const docs = "../../docs"

// saved returns the two reports of the documentation.
func saved(t *testing.T) (report, growthReport) {
	t.Helper()
	d, err := readReport(filepath.Join(docs, "benchmarks.json"))
	if err != nil {
		t.Fatal(err)
	}
	g, err := readGrowth(filepath.Join(docs, "growth.json"))
	if err != nil {
		t.Fatal(err)
	}
	return d, g
}

// Pages and charts of the documentation are those of the figures in its JSON.
func TestDocsAreCurrent(t *testing.T) {
	t.Parallel()
	d, g := saved(t)
	want := map[string][]byte{}
	for _, charts := range []map[string][]byte{d.charts(), g.charts()} {
		for name, svg := range charts {
			want[filepath.Join(chartsDir, name)] = svg
		}
	}
	for name, write := range map[string]func(io.Writer){"benchmarks.md": d.write, "growth.md": g.write} {
		var b bytes.Buffer
		write(&b)
		want[name] = b.Bytes()
	}
	for name, content := range want {
		got, err := os.ReadFile(filepath.Join(docs, name))
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s is not made from the figures; run task bench:charts (%v)", name, err)
		}
	}
	for _, pattern := range []string{"benchmarks-*.svg", "growth-*.svg"} {
		names, err := filepath.Glob(filepath.Join(docs, chartsDir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if want[filepath.Join(chartsDir, filepath.Base(name))] == nil {
				t.Errorf("%s is a chart of no figures", name)
			}
		}
	}
}

// In no row does tusker need more memory than README.md says: about a third of that of
// tus-js-client.
func TestMemoryInREADME(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(readme, []byte("about a third of its [memory](docs/benchmarks.md), or less")) {
		t.Error("README.md has another sentence about the memory")
	}
	d, _ := saved(t)
	compared := 0
	for _, r := range d.results {
		own, other := r.of("tusker"), r.of("tus-js-client, default")
		if !own.ok() || !other.ok() {
			continue
		}
		compared++
		if got := float64(own.memory()) / float64(other.memory()); got > 0.35 {
			t.Errorf("%s: tusker needs %.2f of the memory of tus-js-client", r.name, got)
		}
	}
	if compared < 10 {
		t.Errorf("%d rows have both clients", compared)
	}
}

// Each label of a chart is inside the picture, also if a name or a value is long.
func TestChartLabels(t *testing.T) {
	t.Parallel()
	d, g := saved(t)
	failed := walls("tus-js-client, best, parallel 4", peer)
	failed.failed = "exit status 1"
	long := &result{row: row{name: "long", title: "A & B"}, rounds: 1, series: []*series{
		walls("raw", raw, 1), walls("raw, again", check, 1), walls("tusker --parallel auto --no-resume", own, 123_456), failed,
	}}
	charts := map[string][]byte{"long": long.chart(light)}
	for _, more := range []map[string][]byte{d.charts(), g.charts()} {
		maps.Copy(charts, more)
	}
	for name, svg := range charts {
		if n := checkLabels(t, name, svg); n < 4 {
			t.Errorf("%s has %d labels", name, n)
		}
	}
	for text, want := range map[string]bool{"failed": true, "123.46 s": true, "<title>A &amp; B": true, "raw, again": false} {
		if strings.Contains(string(charts["long"]), text) != want {
			t.Errorf("the chart contains %q: %v, want %v:\n%s", text, !want, want, charts["long"])
		}
	}
}

// checkLabels compares the place of each label with the size of the picture, and returns
// the number of labels.
func checkLabels(t *testing.T, name string, svg []byte) (labels int) {
	t.Helper()
	var right, bottom float64
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return labels
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		element, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch element.Name.Local {
		case "svg":
			box := strings.Fields(attribute(element, "viewBox"))
			right, bottom = number(t, box[2]), number(t, box[3])
		case "text":
			labels++
			x, width, y := number(t, attribute(element, "x")), number(t, attribute(element, "textLength")), number(t, attribute(element, "y"))
			// The picture grows upwards, and the text is turned again: -y is above the bottom.
			if x < 0 || x+width > right || -y < 2 || -y > bottom-7 {
				t.Errorf("%s: a label from %.1f to %.1f at height %.1f is not inside of %.1f × %.1f", name, x, x+width, -y, right, bottom)
			}
		}
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Every row has words for readers, and each missed target has a reason.
func TestScenarios(t *testing.T) {
	t.Parallel()
	for _, r := range allRows() {
		if scenarios[r.name] == "" {
			t.Errorf("scenarios has no row %s", r.name)
		}
	}
	d, _ := saved(t)
	for _, r := range d.results {
		for _, target := range r.targets {
			if o := target.check(r); o.value != "" && !o.met && r.bound == "" {
				t.Errorf("row %s: %q is missed, and nothing says what prevents it", r.name, target.text)
			}
		}
	}
}

func TestSentence(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		series []*series
		want   string
	}{
		"all kinds": {
			[]*series{walls("raw", raw, 100), walls("tusker", own, 110), walls("slow", peer, 300), walls("curl", peer, 200), walls("other", variant, 1)},
			"tusker takes 110 ms; the fastest bare net/http program takes 100 ms, and the fastest other client (curl) takes 200 ms.",
		},
		"variants of tusker": {
			[]*series{walls("tusker --parallel 4", variant, 300), walls("tusker --parallel auto", own, 200)},
			"tusker --parallel auto takes 200 ms; tusker --parallel 4 takes 300 ms.",
		},
		"raw programs":       {[]*series{walls("a", raw, 300), walls("b", variant, 200)}, "The fastest (b) takes 200 ms, and the slowest (a) takes 300 ms."},
		"nothing but tusker": {[]*series{walls("tusker", own, 100)}, "The fastest (tusker) takes 100 ms, and the slowest (tusker) takes 100 ms."},
		"no figures":         {[]*series{walls("tusker", own)}, "No client has figures."},
	} {
		if diff := cmp.Diff(tt.want, (&result{series: tt.series}).sentence()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A run of some rows keeps the figures of the others, and says which rows are older.
func TestPublishKeepsOtherRows(t *testing.T) {
	t.Parallel()
	d, _ := saved(t)
	file := filepath.Join(t.TempDir(), "benchmarks.md")
	if err := d.publish(file); err != nil {
		t.Fatal(err)
	}
	now := &session{Machine: []string{"another machine"}}
	again := &result{row: d.results[1].row, session: now, rounds: 1, series: []*series{walls("tusker", own, 1234)}}
	if err := (report{results: []*result{again}}).publish(file); err != nil {
		t.Fatal(err)
	}
	got, err := readReport(jsonOf(file))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.results) != len(d.results) || got.results[1].of("tusker").wall() != 1.234 || got.results[0].of("tusker").wall() != d.results[0].of("tusker").wall() {
		t.Errorf("the JSON has %d rows, want %d", len(got.results), len(d.results))
	}
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "The rows tusd:\n") || !strings.Contains(string(page), "- another machine\n") {
		t.Errorf("the page does not say that the row tusd is newer:\n%.6000s", page)
	}
	quick := report{quick: true, results: []*result{again}}
	if err := quick.publish(file); err != nil {
		t.Fatal(err)
	}
	if after, err := readReport(jsonOf(file)); err != nil || len(after.results) != len(d.results) {
		t.Errorf("a quick run changed the figures (%v)", err)
	}
	if page, err = os.ReadFile(file); err != nil || bytes.Contains(page, []byte("<picture>")) {
		t.Errorf("the page of a quick run shows charts of other figures (%v)", err)
	}
}

func TestTimeLabel(t *testing.T) {
	t.Parallel()
	for s, want := range map[float64]string{0.001: "1 ms", 0.1: "100 ms", 1: "1 s", 100: "100 s"} {
		if got := timeLabel(s); got != want {
			t.Errorf("the label of %v s is %q, want %q", s, got, want)
		}
	}
}
