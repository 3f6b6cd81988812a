package output

import (
	"os"

	"github.com/mattn/go-runewidth"
)

// Shorten returns text in at most width columns. If it is longer, "…" replaces its beginning
// and the last part stays, which tells names of files and URLs apart; head is the number of
// columns that stay at the beginning. Text must not have color sequences.
func Shorten(text string, width, head int) string {
	const ellipsis = 1 // columns of "…"
	plain := isPlain(text)
	if plain && len(text) <= width || !plain && runewidth.StringWidth(text) <= width {
		return text
	}
	head = max(0, min(head, width-ellipsis))
	if plain {
		return text[:head] + "…" + text[len(text)-max(0, width-ellipsis-head):]
	}
	begin := runewidth.Truncate(text, head, "")
	left := width - ellipsis - runewidth.StringWidth(begin)
	runes := []rune(text)
	end := len(runes)
	for end > 0 && runewidth.RuneWidth(runes[end-1]) <= left {
		end--
		left -= runewidth.RuneWidth(runes[end])
	}
	return begin + "…" + string(runes[end:])
}

// Cut returns text in at most width columns. "…" replaces what is too much at its end.
func Cut(text string, width int) string {
	if width < 1 {
		return ""
	}
	return runewidth.Truncate(text, width, "…")
}

// Width returns the width of the terminal that results go to, and 80 if they go elsewhere.
func (p *Printer) Width() int {
	if f, ok := p.w.(*os.File); ok && isTerminal(f) {
		columns, _ := sizeOf(f)
		return columns
	}
	return defaultColumns
}
