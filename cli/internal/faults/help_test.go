package faults

import (
	"strings"
	"testing"
)

// The help describes every action, in lines that fit the width.
func TestHelp(t *testing.T) {
	t.Parallel()
	const width = 80
	help := Help(width) + "\n" + HelpRUFH(width)
	for _, a := range actions {
		if !strings.Contains("\n"+help, "\n  "+a.name) {
			t.Errorf("the help lacks %s", a.name)
		}
		if a.doc == "" {
			t.Errorf("%s has no description", a.name)
		}
	}
	for line := range strings.Lines(help) {
		if n := len(strings.TrimSuffix(line, "\n")); n > width {
			t.Errorf("%d columns: %s, want at most %v", n, line, width)
		}
	}
}
