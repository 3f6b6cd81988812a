package main

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

const (
	curvesHeight vg.Length = 350
	legendHeight vg.Length = 22

	// labelSpace is half of the longest label of a tick.
	labelSpace vg.Length = 30
)

// chart draws the wall times and the memory of curves over the quantity that grows, with
// logarithmic scales.
func (c *curves) chart(p palette) []byte {
	canvas := newCanvas(c.Title+": wall time and memory", chartWidth, curvesHeight)
	all := draw.New(canvas)
	times := p.curvePlot("wall time by "+c.Variable+" (all axes are logarithmic)", c, func(x point) float64 { return x.Wall.Seconds() }, timeTicks)
	sizes := p.curvePlot("memory by "+c.Variable, c, func(x point) float64 { return float64(x.MemoryBytes) / mib }, sizeTicks)
	plots := plot.Align([][]*plot.Plot{{times}, {sizes}}, draw.Tiles{Rows: 2, Cols: 1, PadY: 12}, draw.Crop(all, 4, -labelSpace, legendHeight, -4))
	times.Draw(plots[0][0])
	sizes.Draw(plots[1][0])
	x := vg.Length(8)
	for i, client := range c.Clients {
		all.FillPolygon(p.lines[i%len(p.lines)], []vg.Point{{X: x, Y: 8}, {X: x + 10, Y: 8}, {X: x + 10, Y: 12}, {X: x, Y: 12}})
		style := p.label(0, -0.5)
		all.FillText(style, vg.Point{X: x + 15, Y: 10}, client.Name)
		x += 15 + style.Width(client.Name) + 20
	}
	return canvas.bytes()
}

func (p palette) curvePlot(title string, c *curves, value func(point) float64, ticks func(low, high float64) []plot.Tick) *plot.Plot {
	out := p.newPlot(title)
	low, high := math.Inf(1), 0.0
	for i, client := range c.Clients {
		var xys plotter.XYs
		for _, x := range client.Points {
			y := max(value(x), 1e-6)
			low, high = min(low, y), max(high, y)
			xys = append(xys, plotter.XY{X: float64(x.X), Y: y})
		}
		color := p.lines[i%len(p.lines)]
		line := &plotter.Line{XYs: xys, LineStyle: draw.LineStyle{Color: color, Width: 1.5}}
		points := &plotter.Scatter{XYs: xys, GlyphStyle: draw.GlyphStyle{Color: color, Radius: 2, Shape: draw.CircleGlyph{}}}
		if len(xys) > 0 {
			out.Add(line, points)
		}
	}
	out.X.Scale, out.Y.Scale = plot.LogScale{}, plot.LogScale{}
	xs := c.measured()
	var marks []plot.Tick
	for _, x := range xs {
		marks = append(marks, plot.Tick{Value: float64(x), Label: amount(x, c.Unit)})
	}
	out.X.Tick.Marker = plot.ConstantTicks(marks)
	out.X.Min, out.X.Max = float64(xs[0]), float64(xs[len(xs)-1])
	y := ticks(low, high)
	out.Y.Tick.Marker = plot.ConstantTicks(y)
	out.Y.Min, out.Y.Max = y[0].Value, y[len(y)-1].Value
	return out
}

// measured returns the quantities that have figures, in their order.
func (c *curves) measured() []int64 {
	var xs []int64
	for _, client := range c.Clients {
		for _, p := range client.Points {
			xs = append(xs, p.X)
		}
	}
	slices.Sort(xs)
	return slices.Compact(xs)
}

// timeTicks returns the powers of ten around a range of seconds.
func timeTicks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	first := math.Floor(math.Log10(low))
	for e := first; ; e++ {
		at := math.Pow(10, e)
		ticks = append(ticks, plot.Tick{Value: at, Label: timeLabel(at)})
		if at >= high && e > first {
			return ticks
		}
	}
}

// timeLabel returns a power of ten of seconds.
func timeLabel(s float64) string {
	if s < 1 {
		return fmt.Sprintf("%.4g ms", s*1000)
	}
	return fmt.Sprintf("%.4g s", s)
}

// sizeTicks returns the powers of two around a range of MiB.
func sizeTicks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	first := math.Floor(math.Log2(low))
	for e := first; ; e++ {
		at := math.Pow(2, e)
		ticks = append(ticks, plot.Tick{Value: at, Label: amount(int64(at)*mib, "bytes")})
		if at >= high && e > first {
			return ticks
		}
	}
}
