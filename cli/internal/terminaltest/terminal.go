// Package terminaltest simulates a terminal, to test what package output draws. It
// understands only the control sequences that package output uses, and reports all
// others.
package terminaltest

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// Terminal shows the bytes that are written to it. Like most terminals, it wraps
// its lines again when its width changes. It is safe for concurrent use.
type Terminal struct {
	tb testing.TB

	mu            sync.Mutex
	columns, rows int
	lines         []line // the last lines are on the screen
	row, column   int    // position of the cursor; row is an index of lines
	writes        int
}

// line is a row of the screen.
type line struct {
	text    string
	wrapped bool // the text continues in the next line
}

// New returns an empty terminal of that size.
func New(tb testing.TB, columns, rows int) *Terminal {
	tb.Helper()
	return &Terminal{tb: tb, columns: columns, rows: rows, lines: make([]line, 1)}
}

// Size returns the numbers of columns and rows.
func (t *Terminal) Size() (columns, rows int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.columns, t.rows
}

// Resize changes the size.
func (t *Terminal) Resize(columns, rows int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.lines
	cursor := t.row
	t.columns, t.rows = columns, rows
	t.lines = nil
	text := ""
	for i, l := range old {
		text += l.text
		if i == cursor {
			t.row = len(t.lines)
		}
		if l.wrapped {
			continue
		}
		for runewidth.StringWidth(text) > columns {
			head := runewidth.Truncate(text, columns, "")
			t.lines = append(t.lines, line{head, true})
			text = text[len(head):]
		}
		if i == cursor {
			t.row = len(t.lines)
		}
		t.lines = append(t.lines, line{text, false})
		text = ""
	}
}

// Screen returns all lines, including those that were scrolled off the screen,
// without the empty lines at the end.
func (t *Terminal) Screen() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	for _, l := range t.lines {
		b.WriteString(strings.TrimRight(l.text, " ") + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

// Cursor returns the position of the cursor, from 0 on. Row 0 is the first line
// that was ever written, even if it was scrolled off the screen.
func (t *Terminal) Cursor() (row, column int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.row, t.column
}

// Writes returns the number of calls of Write.
func (t *Terminal) Writes() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.writes
}

// Write implements io.Writer.
func (t *Terminal) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.writes++
	for rest := string(b); rest != ""; {
		if sequence, ok := strings.CutPrefix(rest, "\x1b["); ok {
			end := strings.IndexFunc(sequence, func(r rune) bool { return r >= '@' && r <= '~' })
			if end < 0 {
				t.tb.Errorf("a control sequence has no end: %q", rest)
				return len(b), nil
			}
			t.control(sequence[end], sequence[:end])
			rest = sequence[end+1:]
			continue
		}
		r, size := utf8.DecodeRuneInString(rest)
		t.put(r, rest[:size])
		rest = rest[size:]
	}
	return len(b), nil
}

func (t *Terminal) put(r rune, text string) {
	switch {
	case r == '\n':
		t.row++
		t.column = 0
		if t.row == len(t.lines) {
			t.lines = append(t.lines, line{})
		}
	case r == '\r':
		t.column = 0
	case r == '\t':
		t.column = min(t.columns-1, t.column/8*8+8)
	case r < ' ' || r == utf8.RuneError:
		t.tb.Errorf("control character %q", text)
	default:
		width := runewidth.RuneWidth(r)
		if t.column+width > t.columns {
			t.lines[t.row].wrapped = true
			t.put('\n', "\n")
		}
		l := &t.lines[t.row]
		before := runewidth.FillRight(runewidth.Truncate(l.text, t.column, ""), t.column)
		l.text = before + text + cutLeft(l.text, t.column+width)
		t.column += width
	}
}

func (t *Terminal) control(final byte, argument string) {
	switch final {
	case 'm': // Screen does not show colors.
	case 'A':
		n, err := strconv.Atoi(argument)
		if err != nil || n < 1 {
			t.tb.Errorf("cursor up by %q", argument)
		}
		top := max(0, len(t.lines)-t.rows)
		t.row = max(top, t.row-n)
	case 'K', 'J':
		if argument != "" {
			t.tb.Errorf("erase %q%c", argument, final)
		}
		l := &t.lines[t.row]
		l.text, l.wrapped = runewidth.Truncate(l.text, t.column, ""), false
		if final == 'J' {
			t.lines = t.lines[:t.row+1]
		}
	default:
		t.tb.Errorf("unknown control sequence %q%c", argument, final)
	}
}

// cutLeft returns the part of text from that column on.
func cutLeft(text string, column int) string {
	if runewidth.StringWidth(text) <= column {
		return ""
	}
	return text[len(runewidth.Truncate(text, column, "")):]
}
