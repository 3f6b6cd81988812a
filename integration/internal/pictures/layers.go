package pictures

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// layer has the packages of one layer.
type layer struct {
	number   string
	packages []box
}

var diagramLine = regexp.MustCompile(`^([0-9]*) +([a-z/.]+) +(.+)$`)

// parseLayers reads the first diagram of a page: a line for each package, with the number of
// the layer in the first line of the layer.
func parseLayers(page string) ([]layer, error) {
	_, rest, _ := strings.Cut(page, "```\n")
	diagram, _, found := strings.Cut(rest, "```\n")
	if !found {
		return nil, errors.New("the page has no diagram")
	}
	var all []layer
	for line := range strings.SplitSeq(diagram, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		match := diagramLine.FindStringSubmatch(line)
		if match == nil {
			return nil, fmt.Errorf("the line %q has no package", line)
		}
		if match[1] != "" {
			all = append(all, layer{number: match[1]})
		}
		if len(all) == 0 {
			return nil, fmt.Errorf("the line %q has no layer", line)
		}
		last := &all[len(all)-1]
		last.packages = append(last.packages, newBox(match[2], match[3]))
	}
	return all, nil
}

// Layers draws the diagram of a page, with the highest layer at the top.
func Layers(page string) ([]byte, error) {
	all, err := parseLayers(page)
	if err != nil {
		return nil, err
	}
	var d drawing
	y := 44.0
	d.line(`<text class="note" x="%d" y="26">The packages of client. An import points only to a lower layer. Gray: only programs and tests import these.</text>`, margin)
	public := false
	for _, l := range all {
		height := flow(l.packages, margin+40, width-margin-8, y+8) + 16
		d.line(`<rect x="%d" y="%.0f" width="%d" height="%.0f" rx="6" fill="#f6f8fa" stroke="#d1d9e0"/>`, margin, y, width-2*margin, height)
		d.line(`<text class="number" x="%d" y="%.0f">%s</text>`, margin+10, y+height/2+5, l.number)
		for _, b := range l.packages {
			public = public || b.name == "client"
			fill, stroke := "#eaeef2", "#afb8c1"
			switch {
			case b.name == "client":
				fill, stroke = "#b6e3ff", "#0969da"
			case public && strings.HasPrefix(b.name, "internal/"):
				fill, stroke = "#ffffff", "#8c959f"
			case public:
				fill, stroke = "#ddf4ff", "#54aeff"
			}
			d.box(b, fill, stroke)
		}
		y += height + 8
	}
	return d.picture("The package layers of client", y+8), nil
}
