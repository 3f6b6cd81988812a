package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
)

const (
	columns = 116
	rows    = 17

	// shortest is the shortest time between two frames. Changes within it are one frame.
	shortest = 60 * time.Millisecond
)

// cell is a character of the screen. color is "" for the usual color.
type cell struct{ text, color string }

// screen is what a terminal shows.
type screen struct {
	cells          [rows][]cell // without the spaces at the end of a line
	row, column    int          // position of the cursor
	cursorIsHidden bool
}

func (s screen) equal(o screen) bool {
	return s.row == o.row && s.column == o.column && s.cursorIsHidden == o.cursorIsHidden &&
		slices.EqualFunc(s.cells[:], o.cells[:], slices.Equal[[]cell])
}

func (s screen) text() string {
	var b strings.Builder
	for _, line := range s.cells {
		for _, c := range line {
			b.WriteString(c.text)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// last returns the last line that is not empty.
func (s screen) last() string {
	lines := strings.Split(strings.TrimRight(s.text(), " \n"), "\n")
	return lines[len(lines)-1]
}

// frame is a screen that is shown from a time on.
type frame struct {
	at  time.Duration // since the first frame
	key string        // a key without a character that was pressed before; "": none
	screen
}

// terminal runs a shell in a pseudo-terminal, and keeps what it shows.
type terminal struct {
	file *os.File
	cmd  *exec.Cmd
	done chan struct{} // closed when nothing more is read

	mu      sync.Mutex
	emu     *vt.Emulator
	began   time.Time
	key     string // of the next frames
	shown   []frame
	changed chan struct{} // closed at the next change
}

func startTerminal(cmd *exec.Cmd) (*terminal, error) {
	file, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: rows, Cols: columns})
	if err != nil {
		return nil, err
	}
	t := &terminal{
		file: file, cmd: cmd, done: make(chan struct{}),
		emu: vt.NewEmulator(columns, rows), began: time.Now(), changed: make(chan struct{}),
	}
	go t.read()
	return t, nil
}

// close ends the shell.
func (t *terminal) close() {
	_ = t.cmd.Process.Kill()
	_ = t.cmd.Wait()
	_ = t.file.Close()
	<-t.done
}

func (t *terminal) read() {
	defer close(t.done)
	buffer := make([]byte, 32<<10)
	for {
		n, err := t.file.Read(buffer)
		if n > 0 {
			t.show(buffer[:n])
		}
		if err != nil {
			return
		}
	}
}

// show adds a frame if the bytes change the screen.
func (t *terminal) show(b []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, err := t.emu.Write(b); err != nil {
		return
	}
	f := frame{at: time.Since(t.began), key: t.key, screen: screenOf(t.emu)}
	n := len(t.shown)
	switch {
	case n > 0 && f.equal(t.shown[n-1].screen):
		return
	case n > 1 && f.key == t.shown[n-1].key && f.at-t.shown[n-1].at < shortest:
		f.at = t.shown[n-1].at
		t.shown[n-1] = f
	default:
		t.shown = append(t.shown, f)
	}
	close(t.changed)
	t.changed = make(chan struct{})
}

// wait returns when the screen has a property.
func (t *terminal) wait(ctx context.Context, has func(screen) bool) error {
	for {
		t.mu.Lock()
		now, changed := screenOf(t.emu), t.changed
		t.mu.Unlock()
		if has(now) {
			return nil
		}
		select {
		case <-changed:
		case <-t.done:
			return errors.New("the shell ended; the screen was\n" + now.text())
		case <-ctx.Done():
			return errors.New("the screen stayed as\n" + now.text())
		}
	}
}

// typeKey presses a key, and waits before the next one.
func (t *terminal) typeKey(ctx context.Context, key string, wait time.Duration) error {
	if _, err := t.file.WriteString(key); err != nil {
		return err
	}
	return pause(ctx, wait)
}

// name shows the name of a key in the next frames. "" shows none.
func (t *terminal) name(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.key = key
}

func (t *terminal) frames() []frame {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.shown)
}

// screenOf copies the screen of an emulator.
func screenOf(e *vt.Emulator) screen {
	at := e.CursorPosition()
	s := screen{row: at.Y, column: at.X, cursorIsHidden: e.CursorHidden()}
	for y := range rows {
		var line []cell
		end := 0
		for x := range columns {
			c := cell{text: " "}
			if from := e.CellAt(x, y); from != nil && from.Content != "" {
				c = cell{text: from.Content, color: colorOf(from.Style.Fg)}
			}
			line = append(line, c)
			if c.text != " " {
				end = x + 1
			}
		}
		s.cells[y] = line[:end]
	}
	return s
}
