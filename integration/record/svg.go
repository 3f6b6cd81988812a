package main

import (
	"bytes"
	"fmt"
	"html"
	"image/color"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
)

const (
	cellWidth  = 8.4 // of a character of 14 pixels
	lineHeight = 19
	margin     = 16
	titleBar   = 36
	keyAt      = 460  // middle of the name of a key
	width      = 1006 // columns*cellWidth and two margins
	height     = rows*lineHeight + titleBar + margin

	longestPause = 2 * time.Second
	lastPause    = 7 * time.Second // until the session begins again
)

// The terminal has its own background, so that it can be read on white and on black pages.
const (
	background = "#161b22"
	foreground = "#d8dee6"
	border     = "#8b949e"
)

// basic has the colors of ANSI that can be read on the background.
var basic = map[ansi.BasicColor]string{
	ansi.Red: "#ff7b72", ansi.Green: "#56d364", ansi.Yellow: "#e3b341", ansi.Blue: "#79c0ff", ansi.Magenta: "#d2a8ff", ansi.Cyan: "#76e3ea",
}

func colorOf(c color.Color) string {
	if c == nil {
		return ""
	}
	if b, ok := c.(ansi.BasicColor); ok {
		return basic[b]
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}

// shorten returns the frames with pauses of at most longestPause.
func shorten(frames []frame) []frame {
	var out []frame
	var cut, before time.Duration
	for i, f := range frames {
		if i == 0 {
			cut = f.at
		} else if gap := f.at - before; gap > longestPause {
			cut += gap - longestPause
		}
		before = f.at
		f.at -= cut
		out = append(out, f)
	}
	return out
}

// draw writes the frames side by side, as a strip that moves behind a window. Without
// animation, the last frame is in the window.
func draw(frames []frame, commands []string) []byte {
	var b bytes.Buffer
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(&b, format+"\n", args...) }
	last := len(frames) - 1
	total := frames[last].at + lastPause
	line(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img">`, width, height, width, height)
	line(`<title>A terminal: the upload of a folder is interrupted and resumed</title>`)
	line(`<desc>%s</desc>`, html.EscapeString(strings.Join(commands, "\n")))
	line(`<style>`)
	line(`text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:%s;white-space:pre}`, foreground)
	line(`#strip{transform:translateX(%dpx);animation:play %.2fs step-end infinite}`, -width*last, total.Seconds())
	line(`@keyframes play{`)
	for i, f := range frames {
		line(`%.3f%%{transform:translateX(%dpx)}`, 100*f.at.Seconds()/total.Seconds(), -width*i)
	}
	line(`100%%{transform:translateX(%dpx)}}`, -width*last)
	line(`@media (prefers-reduced-motion:reduce){#strip{animation:none}}`)
	line(`</style>`)
	line(`<rect x="0.5" y="0.5" width="%d" height="%d" rx="8" fill="%s" stroke="%s"/>`, width-1, height-1, background, border)
	for i, fill := range []string{"#ff5f57", "#febc2e", "#28c840"} {
		line(`<circle cx="%d" cy="17" r="6" fill="%s"/>`, 20+20*i, fill)
	}
	names, defs := lineNames(frames)
	line(`<defs>`)
	line(`<g id="key"><rect x="%d" y="-28" width="80" height="22" rx="4" fill="none" stroke="%s"/></g>`, keyAt-40, border)
	b.WriteString(defs)
	line(`</defs>`)
	line(`<svg width="%d" height="%d"><g id="strip">`, width, height)
	for i, f := range frames {
		line(`<g transform="translate(%d,%d)">`, width*i+margin, titleBar)
		if f.key != "" {
			line(`<use href="#key"/><text x="%d" y="-12" text-anchor="middle">%s</text>`, keyAt, html.EscapeString(f.key))
		}
		if !f.cursorIsHidden {
			line(`<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s" opacity="0.7"/>`,
				float64(f.column)*cellWidth, f.row*lineHeight+2, cellWidth, lineHeight-2, border)
		}
		for y, cells := range f.cells {
			if len(cells) > 0 {
				line(`<use href="#%s" y="%d"/>`, names[drawn(cells)], y*lineHeight+15)
			}
		}
		line(`</g>`)
	}
	line(`</g></svg>`)
	line(`</svg>`)
	return b.Bytes()
}

// lineNames gives each different line of the frames a name, and defines it once.
func lineNames(frames []frame) (names map[string]string, defs string) {
	names = map[string]string{}
	var b strings.Builder
	for _, f := range frames {
		for _, cells := range f.cells {
			text := drawn(cells)
			if names[text] != "" || len(cells) == 0 {
				continue
			}
			names[text] = fmt.Sprintf("l%d", len(names))
			_, _ = fmt.Fprintf(&b, "<g id=\"%s\">%s</g>\n", names[text], text)
		}
	}
	return names, b.String()
}

// drawn returns a text element for each run of characters with one color. Its length is that
// of the cells, so that columns are straight in any font.
func drawn(cells []cell) string {
	var b strings.Builder
	for from := 0; from < len(cells); {
		to := from + 1
		for to < len(cells) && cells[to].color == cells[from].color {
			to++
		}
		var text strings.Builder
		for _, c := range cells[from:to] {
			text.WriteString(c.text)
		}
		content := strings.TrimRight(text.String(), " ")
		start := len(content) - len(strings.TrimLeft(content, " "))
		if content = content[start:]; content != "" {
			fill := ""
			if c := cells[from].color; c != "" {
				fill = fmt.Sprintf(` style="fill:%s"`, c)
			}
			_, _ = fmt.Fprintf(&b, `<text x="%.1f" textLength="%.1f"%s xml:space="preserve">%s</text>`,
				float64(from+start)*cellWidth, float64(len([]rune(content)))*cellWidth, fill, html.EscapeString(content))
		}
		from = to
	}
	return b.String()
}
