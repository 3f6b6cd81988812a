package pictures

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

const modulePrefix = "github.com/tusker-go/tusker/"

// ReadModules returns the modules of the workspace in root by name, with the modules that
// each requires. Requirements that follow from others are left out.
func ReadModules(root string) (map[string][]string, error) {
	b, err := os.ReadFile(filepath.Join(root, "go.work"))
	if err != nil {
		return nil, err
	}
	work, err := modfile.ParseWork("go.work", b, nil)
	if err != nil {
		return nil, err
	}
	all := map[string][]string{}
	for _, use := range work.Use {
		file := filepath.Join(root, filepath.FromSlash(use.Path), "go.mod")
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		mod, err := modfile.Parse(file, b, nil)
		if err != nil {
			return nil, err
		}
		name := strings.TrimPrefix(mod.Module.Mod.Path, modulePrefix)
		all[name] = nil
		for _, require := range mod.Require {
			if to, ours := strings.CutPrefix(require.Mod.Path, modulePrefix); ours {
				all[name] = append(all[name], to)
			}
		}
	}
	return reduce(all), nil
}

// reduce leaves out the requirements that another requirement has, too.
func reduce(all map[string][]string) map[string][]string {
	out := map[string][]string{}
	for name, requires := range all {
		out[name] = slices.DeleteFunc(slices.Clone(requires), func(to string) bool {
			return slices.ContainsFunc(requires, func(other string) bool { return other != to && reaches(all, other, to) })
		})
		slices.Sort(out[name])
	}
	return out
}

func reaches(all map[string][]string, from, to string) bool {
	return slices.ContainsFunc(all[from], func(next string) bool { return next == to || reaches(all, next, to) })
}

// depth returns how many modules are below a module, on the longest way down.
func depth(all map[string][]string, name string) int {
	most := 0
	for _, to := range all[name] {
		most = max(most, depth(all, to)+1)
	}
	return most
}

// Modules draws modules with an arrow to each module that they require.
func Modules(all map[string][]string) []byte {
	const step = 92
	rows := map[int][]string{}
	deepest := 0
	for name := range all {
		n := depth(all, name)
		rows[n] = append(rows[n], name)
		deepest = max(deepest, n)
	}
	boxes := map[string]box{}
	for n, names := range rows {
		slices.Sort(names)
		line := make([]box, len(names))
		total := -float64(boxGap * 4)
		for i, name := range names {
			line[i] = newBox(name, "")
			total += line[i].w + boxGap*4
		}
		x := (width - total) / 2
		for i, b := range line {
			b.x, b.y = x, float64(44+(deepest-n)*step)
			boxes[names[i]] = b
			x += b.w + boxGap*4
		}
	}
	var d drawing
	d.line(`<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0,0L8,4L0,8z" fill="#59636e"/></marker></defs>`)
	d.line(`<text class="note" x="%d" y="26">The modules. An arrow means "requires". Requirements that follow from others are left out.</text>`, margin)
	var names []string
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	lanes := map[int][]float64{} // the arrows that go through each row
	for _, name := range names {
		from := boxes[name]
		for i, to := range all[name] {
			b := boxes[to]
			x, y := from.x+from.w*float64(i+1)/float64(len(all[name])+1), from.y+from.h
			var path strings.Builder
			fmt.Fprintf(&path, "M%.0f,%.0f", x, y)
			end := b.x + b.w/2
			for n := depth(all, name) - 1; n > depth(all, to); n-- {
				row := boxesOf(boxes, rows[n])
				next := lane(row, x+(end-x)/float64(n-depth(all, to)+1), lanes[n])
				lanes[n] = append(lanes[n], next)
				fmt.Fprintf(&path, "%sV%.0f", curve(x, y, next, row[0].y), row[0].y+row[0].h)
				x, y = next, row[0].y+row[0].h
			}
			d.line(`<path d="%s" fill="none" stroke="#59636e" marker-end="url(#head)"/>`, path.String()+curve(x, y, end, b.y))
		}
	}
	for _, name := range names {
		fill, stroke := "#ddf4ff", "#54aeff"
		if name == "client" || name == "cli" {
			fill, stroke = "#b6e3ff", "#0969da"
		}
		if name == "integration" {
			fill, stroke = "#eaeef2", "#afb8c1"
		}
		d.box(boxes[name], fill, stroke)
	}
	return d.picture("The modules of Tusker", float64(44+deepest*step+30+margin))
}

// boxesOf returns the boxes with the names.
func boxesOf(boxes map[string]box, names []string) []box {
	var row []box
	for _, name := range names {
		row = append(row, boxes[name])
	}
	return row
}

// curve returns a part of a path, which begins and ends vertically.
func curve(x, y, toX, toY float64) string {
	return fmt.Sprintf("C%.0f,%.0f %.0f,%.0f %.0f,%.0f", x, y+40, toX, toY-40, toX, toY)
}

// lane returns where an arrow goes through a row: the place that is nearest to x, beside the
// boxes and the arrows that are taken.
func lane(row []box, x float64, taken []float64) float64 {
	const space = 8
	free := func(x float64) bool {
		return !slices.ContainsFunc(row, func(b box) bool { return x > b.x-space && x < b.x+b.w+space }) &&
			!slices.ContainsFunc(taken, func(other float64) bool { return math.Abs(x-other) < space })
	}
	for step := 0.0; ; step++ {
		if free(x - step) {
			return x - step
		}
		if free(x + step) {
			return x + step
		}
	}
}
