package progress

import (
	"math"
	"strings"
)

// drawnBar returns a bar that is width columns wide, at least 2, such as [==> ]. A bar without
// a point or a gap is complete. A length of 0 has an empty bar.
func drawnBar(sent, length int64, width int) string {
	cells, done := max(0, width-len("[]")), 0
	if length > 0 {
		share := min(1, max(0, float64(sent)/float64(length)))
		done = int(math.Ceil(share * float64(cells)))
	}
	fill := strings.Repeat("=", done)
	if done > 0 && sent < length {
		fill = fill[1:] + ">"
	}
	return "[" + fill + strings.Repeat(" ", cells-done) + "]"
}
