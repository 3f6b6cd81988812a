package pictures

import (
	"fmt"
	"html"
	"strings"
)

// Lengths in pixels. A character of the two sizes of text is at most this wide.
const (
	width      = 920
	margin     = 16
	nameChar   = 7.9
	smallChar  = 6.3
	boxPadding = 10
	boxGap     = 10
)

// box is a named rectangle with an optional line of small text.
type box struct {
	name, note string
	x, y, w, h float64
}

// newBox returns a box that is as wide as its text.
func newBox(name, note string) box {
	w := max(float64(len([]rune(name)))*nameChar, float64(len([]rune(note)))*smallChar) + 2*boxPadding
	h := 30.0
	if note != "" {
		h = 44
	}
	return box{name: name, note: note, w: w, h: h}
}

// flow places boxes from left to right between two edges, in as many lines as they need. It
// returns the height.
func flow(boxes []box, left, right, top float64) float64 {
	x, y := left, top
	for i := range boxes {
		b := &boxes[i]
		if x > left && x+b.w > right {
			x, y = left, y+b.h+boxGap
		}
		b.x, b.y = x, y
		x += b.w + boxGap
	}
	if len(boxes) == 0 {
		return 0
	}
	last := boxes[len(boxes)-1]
	return last.y + last.h - top
}

// drawing collects the elements of a picture.
type drawing struct{ strings.Builder }

func (d *drawing) line(format string, args ...any) { _, _ = fmt.Fprintf(d, format+"\n", args...) }

func (d *drawing) box(b box, fill, stroke string) {
	d.line(`<rect x="%.0f" y="%.0f" width="%.0f" height="%.0f" rx="6" fill="%s" stroke="%s"/>`, b.x, b.y, b.w, b.h, fill, stroke)
	d.line(`<text class="name" x="%.0f" y="%.0f">%s</text>`, b.x+boxPadding, b.y+20, html.EscapeString(b.name))
	if b.note != "" {
		d.line(`<text class="note" x="%.0f" y="%.0f">%s</text>`, b.x+boxPadding, b.y+36, html.EscapeString(b.note))
	}
}

// picture adds the frame of a picture with that height.
func (d *drawing) picture(title string, height float64) []byte {
	var out drawing
	out.line(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %.0f" width="%d" height="%.0f" role="img">`, width, height, width, height)
	out.line(`<title>%s</title>`, html.EscapeString(title))
	out.line(`<style>`)
	out.line(`.name{font:600 13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#1f2328}`)
	out.line(`.note{font:11px -apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#424a53}`)
	out.line(`.number{font:600 15px Helvetica,Arial,sans-serif;fill:#59636e}`)
	out.line(`</style>`)
	out.line(`<rect x="0.5" y="0.5" width="%d" height="%.0f" rx="8" fill="#ffffff" stroke="#d1d9e0"/>`, width-1, height-1)
	out.WriteString(d.String())
	out.line(`</svg>`)
	return []byte(out.String())
}
