package output

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"
)

// The size of a terminal whose size is unknown.
const (
	defaultColumns = 80
	defaultRows    = 24
)

// Screen is standard error. It shows messages and, on a terminal, lines below them
// that are drawn again when they change. Between two writes, the cursor is in the
// first column of the row after the last line, so that the terminal stays usable if
// the program is killed.
//
// Screen is safe for concurrent use.
type Screen struct {
	mu    sync.Mutex
	w     io.Writer
	size  func() (columns, rows int) // nil: w is not a terminal
	drawn []string
	at    int // columns of the terminal when drawn was drawn
}

// NewScreen returns a Screen that writes to w. It can draw if w is a file that is a
// terminal.
func NewScreen(w io.Writer) *Screen {
	if f, ok := w.(*os.File); ok && isTerminal(f) {
		return NewTerminal(f, func() (int, int) { return sizeOf(f) })
	}
	return &Screen{w: w}
}

// NewTerminal returns a Screen that writes to a terminal. Size returns the size of
// the terminal.
func NewTerminal(w io.Writer, size func() (columns, rows int)) *Screen {
	return &Screen{w: w, size: size}
}

// CanDraw reports whether Draw has an effect.
func (s *Screen) CanDraw() bool { return s.size != nil }

// Size returns the current size of the terminal.
func (s *Screen) Size() (columns, rows int) {
	if s.size == nil {
		return defaultColumns, defaultRows
	}
	return s.size()
}

// Write writes a message above the drawn lines. A message should end in a line
// feed.
func (s *Screen) Write(message []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.drawn) == 0 {
		return s.w.Write(message)
	}
	var b bytes.Buffer
	columns, _ := s.size()
	s.top(&b, columns)
	b.WriteString(eraseBelow)
	b.Write(message)
	if !bytes.HasSuffix(message, []byte("\n")) {
		b.WriteByte('\n')
	}
	s.lines(&b, s.drawn)
	s.at = columns
	if _, err := s.w.Write(b.Bytes()); err != nil {
		return 0, err
	}
	return len(message), nil
}

// Around removes the drawn lines, calls write, and draws them again. Write writes
// whole lines to the same terminal in another way.
func (s *Screen) Around(write func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.drawn) == 0 {
		write()
		return
	}
	var b bytes.Buffer
	columns, _ := s.size()
	s.top(&b, columns)
	b.WriteString(eraseBelow)
	s.flush(&b)
	write()
	s.lines(&b, s.drawn)
	s.at = columns
	s.flush(&b)
}

// Draw replaces the drawn lines. Without lines, it erases them. Each line must be
// at most as wide as the terminal, and there must be fewer lines than the terminal
// has rows.
func (s *Screen) Draw(lines []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.size == nil {
		return
	}
	columns, _ := s.size()
	if slices.Equal(lines, s.drawn) && columns == s.at {
		return
	}
	var b bytes.Buffer
	s.top(&b, columns)
	// Text that is overwritten before the rest is erased does not flicker.
	s.lines(&b, lines)
	b.WriteString(eraseBelow)
	s.drawn, s.at = slices.Clone(lines), columns
	s.flush(&b)
}

// Control sequences of ECMA-48.
const (
	up         = "\x1b[%dA"
	eraseRight = "\x1b[K"
	eraseBelow = "\x1b[J"
)

// top moves the cursor to the first drawn line. A terminal that has become narrower
// has wrapped these lines.
func (s *Screen) top(b *bytes.Buffer, columns int) {
	rows := 0
	for _, line := range s.drawn {
		rows += max(1, (Width(line)+columns-1)/columns)
	}
	b.WriteByte('\r')
	if rows > 0 {
		fmt.Fprintf(b, up, rows)
	}
}

func (s *Screen) lines(b *bytes.Buffer, lines []string) {
	for _, line := range lines {
		b.WriteString(line)
		b.WriteString(eraseRight + "\n")
	}
}

// flush writes all bytes at once, so that no other process writes in between. It
// ignores errors, because there is no other place to report them.
func (s *Screen) flush(b *bytes.Buffer) {
	_, _ = s.w.Write(b.Bytes())
	b.Reset()
}

// Width returns the number of columns that text takes, without its color sequences.
func Width(text string) int {
	if isPlain(text) {
		return len(text)
	}
	width := 0
	for {
		before, after, found := strings.Cut(text, "\x1b[")
		width += runewidth.StringWidth(before)
		if !found {
			return width
		}
		_, text, _ = strings.Cut(after, "m")
	}
}

func sizeOf(f *os.File) (columns, rows int) {
	columns, rows, err := term.GetSize(int(f.Fd()))
	if err != nil || columns < 1 || rows < 1 {
		return defaultColumns, defaultRows
	}
	return columns, rows
}
