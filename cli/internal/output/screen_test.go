package output_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/terminaltest"
)

func TestScreen(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		steps func(s *output.Screen, t *terminaltest.Terminal)
		want  string
	}{
		"drawn again": {
			func(s *output.Screen, _ *terminaltest.Terminal) {
				s.Draw([]string{"one", "two"})
				s.Draw([]string{"three", "4"})
			},
			"three\n4",
		},
		"fewer lines": {
			func(s *output.Screen, _ *terminaltest.Terminal) {
				s.Draw([]string{"one", "two", "three"})
				s.Draw([]string{"one"})
			},
			"one",
		},
		"erased": {
			func(s *output.Screen, _ *terminaltest.Terminal) {
				_, _ = s.Write([]byte("before\n"))
				s.Draw([]string{"one", "two"})
				s.Draw(nil)
				_, _ = s.Write([]byte("after\n"))
			},
			"before\nafter",
		},
		"message in between": {
			func(s *output.Screen, _ *terminaltest.Terminal) {
				s.Draw([]string{"one", "two"})
				_, _ = s.Write([]byte("a message that is longer than a line is\n"))
				s.Draw([]string{"three", "four"})
			},
			"a message that is lo\nnger than a line is\nthree\nfour",
		},
		"message without a line feed": {
			func(s *output.Screen, _ *terminaltest.Terminal) {
				s.Draw([]string{"one"})
				_, _ = s.Write([]byte("message"))
			},
			"message\none",
		},
		"result in between": {
			func(s *output.Screen, term *terminaltest.Terminal) {
				s.Draw([]string{"one", "two"})
				s.Around(func() { _, _ = term.Write([]byte("http://h/1\n")) })
			},
			"http://h/1\none\ntwo",
		},
		"result alone": {
			func(s *output.Screen, term *terminaltest.Terminal) {
				s.Around(func() { _, _ = term.Write([]byte("http://h/1\n")) })
			},
			"http://h/1",
		},
		"narrower": {
			func(s *output.Screen, term *terminaltest.Terminal) {
				_, _ = s.Write([]byte("before\n"))
				s.Draw([]string{"a line of 18 chars", "another such line.", "short"})
				term.Resize(7, 10)
				s.Draw([]string{"new", "lines"})
			},
			"before\nnew\nlines",
		},
		"wider again": {
			func(s *output.Screen, term *terminaltest.Terminal) {
				s.Draw([]string{"a line of 18 chars", "another such line."})
				term.Resize(7, 10)
				term.Resize(40, 10)
				_, _ = s.Write([]byte("message\n"))
			},
			"message\na line of 18 chars\nanother such line.",
		},
		"colors have no width": {
			func(s *output.Screen, term *terminaltest.Terminal) {
				s.Draw([]string{"\x1b[32mgreen\x1b[0m and \x1b[33myellow\x1b[0m"})
				term.Resize(18, 10)
				s.Draw([]string{"plain"})
			},
			"plain",
		},
		"wide characters": {
			func(s *output.Screen, term *terminaltest.Terminal) {
				s.Draw([]string{"世界世界世界"})
				term.Resize(6, 10)
				s.Draw([]string{"plain"})
			},
			"plain",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			term := terminaltest.New(t, 20, 10)
			test.steps(output.NewTerminal(term, term.Size), term)
			if diff := cmp.Diff(test.want, term.Screen()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if row, column := term.Cursor(); column != 0 || row != strings.Count(test.want, "\n")+1 {
				t.Errorf("cursor in row %d, column %d, want %v and 0", row, column, strings.Count(test.want, "\n")+1)
			}
		})
	}
}

func TestScreenWritesOnlyWhatChanges(t *testing.T) {
	t.Parallel()
	term := terminaltest.New(t, 20, 10)
	s := output.NewTerminal(term, term.Size)
	for range 3 {
		s.Draw([]string{"one", "two"})
	}
	if n := term.Writes(); n != 1 {
		t.Errorf("%d writes, want 1", n)
	}
	_, _ = s.Write([]byte("message\n"))
	if n := term.Writes(); n != 2 {
		t.Errorf("%d writes, want 2, so that no message is split", n)
	}
}

// Messages and drawn lines of concurrent callers do not mix.
func TestScreenOfMany(t *testing.T) {
	t.Parallel()
	term := terminaltest.New(t, 20, 10)
	s := output.NewTerminal(term, term.Size)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 25 {
				_, _ = s.Write([]byte("message\n"))
				s.Draw([]string{fmt.Sprint("picture ", i), "below"})
			}
		})
	}
	wg.Wait()
	s.Draw(nil)
	if diff := cmp.Diff(strings.Repeat("message\n", 100), term.Screen()+"\n"); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNoTerminal(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	s := output.NewScreen(&b)
	s.Draw([]string{"one"})
	_, _ = s.Write([]byte("message\n"))
	s.Around(func() { b.WriteString("result\n") })
	if s.CanDraw() || b.String() != "message\nresult\n" {
		t.Errorf("draws: %v, shows %q, want CanDraw false and %q", s.CanDraw(), &b, "message\nresult\n")
	}
	if columns, rows := s.Size(); columns != 80 || rows != 24 {
		t.Errorf("%d columns and %d rows, want 80 and 24", columns, rows)
	}
}
