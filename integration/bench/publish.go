package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// extension is the end of the names of reports. Their JSON is beside them.
const extension = ".md"

func jsonOf(report string) string {
	return strings.TrimSuffix(report, filepath.Ext(report)) + ".json"
}

// publish writes a report, its JSON and its charts. Rows that did not run are those of the
// JSON that was there before. A quick run replaces no other figures.
func (d report) publish(file string) error {
	if d.quick {
		return writeFile(file, d.write)
	}
	old, err := readReport(jsonOf(file))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	d = d.with(old)
	if err := writeFile(jsonOf(file), d.writeJSON); err != nil {
		return err
	}
	return d.draw(file)
}

// draw writes a report and its charts.
func (d report) draw(file string) error {
	for name, svg := range d.charts() {
		if err := writeFile(filepath.Join(filepath.Dir(file), chartsDir, name), func(w io.Writer) { _, _ = w.Write(svg) }); err != nil {
			return err
		}
	}
	return writeFile(file, d.write)
}

// charts returns the charts by the names of their files.
func (d report) charts() map[string][]byte {
	out := map[string][]byte{}
	for _, r := range d.results {
		if r.rounds > 0 {
			out["benchmarks-"+r.name+".svg"] = r.chart(light)
			out["benchmarks-"+r.name+"-dark.svg"] = r.chart(dark)
		}
	}
	return out
}

// draw writes a report of the row growth and its charts.
func (r growthReport) draw(file string) error {
	for name, svg := range r.charts() {
		if err := writeFile(filepath.Join(filepath.Dir(file), chartsDir, name), func(w io.Writer) { _, _ = w.Write(svg) }); err != nil {
			return err
		}
	}
	return writeFile(file, r.write)
}

func (r growthReport) charts() map[string][]byte {
	out := map[string][]byte{}
	for i := range r.Curves {
		c := &r.Curves[i]
		if len(c.measured()) > 1 {
			out["growth-"+c.Name+".svg"] = c.chart(light)
			out["growth-"+c.Name+"-dark.svg"] = c.chart(dark)
		}
	}
	return out
}

// readGrowth reads the JSON of the row growth.
func readGrowth(file string) (growthReport, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return growthReport{}, err
	}
	var r growthReport
	if err := json.Unmarshal(b, &r); err != nil {
		return r, fmt.Errorf("%s: %w", file, err)
	}
	for _, definition := range growthCurves() {
		for i := range r.Curves {
			if c := &r.Curves[i]; c.Name == definition.Name {
				c.xs, c.each = c.measured(), definition.each
			}
		}
	}
	return r, nil
}

// redraw makes the reports in a folder and their charts again from their JSON.
func redraw(dir string) error {
	report := filepath.Join(dir, "benchmarks"+extension)
	d, err := readReport(jsonOf(report))
	if err != nil {
		return err
	}
	if err := d.draw(report); err != nil {
		return err
	}
	report = filepath.Join(dir, growthRow+extension)
	g, err := readGrowth(jsonOf(report))
	if err != nil {
		return err
	}
	return g.draw(report)
}
