package main

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// palette has the colors of a chart on a page.
type palette struct {
	text  color.RGBA
	grid  color.RGBA
	kinds map[kind]color.RGBA
	lines []color.RGBA
}

// hex returns the color 0xRRGGBB.
func hex(n uint32) color.RGBA { return color.RGBA{uint8(n >> 16), uint8(n >> 8), uint8(n), 0xff} }

var (
	light = palette{
		text: hex(0x1f2328), grid: hex(0xd1d9e0),
		kinds: map[kind]color.RGBA{own: hex(0x0969da), raw: hex(0x6e7781), variant: hex(0xafb8c1), peer: hex(0xd4842a)},
		lines: []color.RGBA{hex(0x6e7781), hex(0x0969da), hex(0x1a7f37)},
	}
	dark = palette{
		text: hex(0xe6edf3), grid: hex(0x3d444d),
		kinds: map[kind]color.RGBA{own: hex(0x4493f8), raw: hex(0x9198a1), variant: hex(0x656c76), peer: hex(0xdb9a4a)},
		lines: []color.RGBA{hex(0x9198a1), hex(0x4493f8), hex(0x3fb950)},
	}
)

// Lengths of charts. Text has metrics of a font, so that each label has its place.
const (
	chartWidth  vg.Length = 640
	namesWidth  vg.Length = 190
	memoryWidth vg.Length = 170
	barStep     vg.Length = 17
	frameHeight vg.Length = 34
	fontSize    vg.Length = 10
)

var chartFont = font.Font{Typeface: "Liberation", Variant: "Sans", Size: fontSize}

// label returns the style of text of a chart.
func (p palette) label(x, y float64) text.Style {
	return text.Style{
		Color: p.text, Font: chartFont, XAlign: text.XAlignment(x), YAlign: text.YAlignment(y),
		Handler: plot.DefaultTextHandler,
	}
}

// newPlot returns a plot in these colors, without axes.
func (p palette) newPlot(title string) *plot.Plot {
	out := plot.New()
	out.BackgroundColor = nil
	out.Title.Text = title
	out.Title.TextStyle = p.label(-0.5, -1)
	out.Title.Padding = 4
	for _, axis := range []*plot.Axis{&out.X, &out.Y} {
		axis.Tick.Label.Color, axis.Tick.Label.Font = p.text, chartFont
		axis.Label.TextStyle.Color, axis.Label.TextStyle.Font = p.text, chartFont
		axis.Color, axis.Tick.Color = p.grid, p.grid
	}
	return out
}

// bar is a bar of a chart.
type bar struct {
	kind  kind
	name  string // what stands before the bar
	value float64
	text  string // what stands behind the bar
}

// bars draws bars from top to bottom, each with its text.
type bars struct {
	all     []bar
	palette palette
}

// Plot implements [plot.Plotter].
func (b bars) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for i, v := range b.all {
		at := y(float64(len(b.all) - 1 - i))
		half := barStep * 0.36
		c.FillPolygon(b.palette.kinds[v.kind], []vg.Point{
			{X: x(0), Y: at - half}, {X: x(v.value), Y: at - half}, {X: x(v.value), Y: at + half}, {X: x(0), Y: at + half},
		})
		c.FillText(b.palette.label(0, -0.5), vg.Point{X: x(v.value) + 4, Y: at}, v.text)
		c.FillText(b.palette.label(-1, -0.5), vg.Point{X: x(0) - 6, Y: at}, v.name)
	}
}

// barPlot returns a plot of bars. The space behind the longest bar is for its text.
func (p palette) barPlot(title string, all []bar, width vg.Length) *plot.Plot {
	out := p.newPlot(title)
	most, space := 0.0, 1.0
	for _, b := range all {
		most = max(most, b.value)
	}
	for _, b := range all {
		// The bar and its text together must not be wider than the plot.
		used := float64((p.label(0, 0).Width(b.text) + 8) / width)
		if used < 1 {
			space = max(space, b.value/max(most, 1e-9)/(1-used))
		}
	}
	out.X.Min, out.X.Max = 0, max(most, 1e-9)*space
	out.Y.Min, out.Y.Max = -0.5, float64(len(all))-0.5
	out.HideAxes()
	out.Add(bars{all, p})
	return out
}

// chart draws the wall times and the memory of a row, as SVG.
func (r *result) chart(p palette) []byte {
	var walls, memories []bar
	for _, s := range r.series {
		switch {
		case s.kind == check:
		case s.ok():
			walls = append(walls, bar{s.kind, s.name, s.wall(), seconds(s.wall())})
			memories = append(memories, bar{s.kind, "", float64(s.memory()), mebibytes(s.memory())})
		default:
			walls = append(walls, bar{s.kind, s.name, 0, "failed"})
			memories = append(memories, bar{kind: s.kind})
		}
	}
	c := newCanvas(r.title+": wall time and memory of each client", chartWidth, barStep*vg.Length(len(walls))+frameHeight)
	all := draw.New(c)
	left := draw.Crop(all, namesWidth, -memoryWidth, 4, -4)
	right := draw.Crop(all, chartWidth-memoryWidth+8, 0, 4, -4)
	p.barPlot("wall time (less is better)", walls, left.Size().X).Draw(left)
	p.barPlot("memory (less is better)", memories, right.Size().X).Draw(right)
	return c.bytes()
}
