package flags

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/tusker-go/tusker/cli/internal/glob"
	"github.com/tusker-go/tusker/cli/internal/textfile"
)

// patternsIn returns the patterns in a file, one a line. Empty lines, lines that begin with #
// and white space around a pattern are ignored.
func patternsIn(file string) (glob.Set, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var set glob.Set
	lines := textfile.Names(f, false)
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		switch {
		case text == "", strings.HasPrefix(text, "#"):
			continue
		case strings.HasPrefix(text, "!"):
			return nil, fmt.Errorf("%s:%d: %q: exceptions with ! are not supported", file, n, text)
		}
		p, err := glob.Parse(text, runtime.GOOS == "windows")
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %q %w", file, n, text, err)
		}
		set = append(set, p)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return set, nil
}
