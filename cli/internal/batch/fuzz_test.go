package batch

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/usage"
)

// A list of files yields each name between its separators once, and no name means
// standard input.
func FuzzNamesFrom(f *testing.F) {
	for _, seed := range []string{"", "a\nb", "a\r\nb\r\n", "-\n", "a\x00b\x00", "\n\n", "\xff\n", "a\rb"} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, list []byte, null bool) {
		marked := bytes.HasPrefix(list, []byte("\xef\xbb\xbf")) || bytes.HasPrefix(list, []byte("\xff\xfe")) || bytes.HasPrefix(list, []byte("\xfe\xff"))
		converted := marked || !null && bytes.IndexByte(list, 0) >= 0
		separator := "\n"
		if null {
			separator = "\x00"
		}
		n := 0
		for name, err := range NamesFrom(t.Context(), bytes.NewReader(list), usage.Stdin, null) {
			if err != nil {
				t.Fatalf("%q: %v", list, err)
			}
			if name == "" || name == usage.Stdin || !converted && strings.Contains(name, separator) {
				t.Errorf("%q names %q, want a name without its separator", list, name)
			}
			n++
		}
		if converted {
			return // package textfile has tests of these lists
		}
		want := 0
		for field := range strings.SplitSeq(string(list), separator) {
			if !null {
				field = strings.TrimSuffix(field, "\r")
			}
			if field != "" {
				want++
			}
		}
		if n != want {
			t.Errorf("%q names %d, want %d", list, n, want)
		}
	})
}
