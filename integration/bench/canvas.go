package main

import (
	"bytes"
	"fmt"
	"html"
	"regexp"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// canvas is a picture of a page.
type canvas struct {
	*vgsvg.Canvas
	title string
}

func newCanvas(title string, width, height vg.Length) *canvas {
	return &canvas{vgsvg.New(width, height), title}
}

var (
	svgText  = regexp.MustCompile(`(?s)<text (x="[^"]*" y="[^"]*") (transform="[^"]*")\s+style="font-family:([^;]*);([^"]*)">([^<]*)</text>`)
	svgStart = regexp.MustCompile(`(?s)<svg [^>]*>`)
)

// bytes returns the picture as SVG. Each label has the width that the font of the plot gives
// it. A browser without this font squeezes or stretches its own.
func (c *canvas) bytes() []byte {
	var b bytes.Buffer
	_, _ = c.WriteTo(&b) // a buffer has no errors
	style := text.Style{Font: chartFont, Handler: plot.DefaultTextHandler}
	out := svgText.ReplaceAllFunc(b.Bytes(), func(match []byte) []byte {
		part := svgText.FindSubmatch(match)
		width := style.Width(html.UnescapeString(string(part[5])))
		return fmt.Appendf(nil, `<text %s %s textLength="%.4g" lengthAdjust="spacingAndGlyphs" style="font-family:%s,Arial,Helvetica,sans-serif;%s">%s</text>`,
			part[1], part[2], width.Points(), part[3], part[4], part[5])
	})
	start := svgStart.FindIndex(out)
	title := fmt.Sprintf("\n<title>%s</title>", html.EscapeString(c.title))
	return append(append(append([]byte(nil), out[:start[1]]...), title...), out[start[1]:]...)
}
