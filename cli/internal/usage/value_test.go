package usage_test

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/internal/usage"
)

// word is a flag whose error repeats the value, as those of package units do.
type word struct{}

func (word) Set(text string) error {
	if text == "y y" {
		return errors.New(`"` + text + `" has a word twice`)
	}
	return errors.New(`"` + text + `": not a word`)
}
func (word) String() string { return "" }
func (word) Type() string   { return "word" }

// An error about the value of a flag has the name and the value once, in words of the command
// line.
func TestValueErrorNamesFlagAndValueOnce(t *testing.T) {
	for _, test := range []struct{ arg, want string }{
		{"--number=abc", `--number "abc": not a whole number`},
		{"--number=", `--number "": not a whole number`},
		{"--number=1.5", `--number "1.5": not a whole number`},
		{"--number=99999999999999999999", `--number "99999999999999999999": the number is too large or too small`},
		{"--switch=maybe", `--switch "maybe": neither true nor false`},
		{"--wait=5", `--wait "5": not a duration such as 30s or 10m`},
		{"--word=x", `--word "x": not a word`},
		{"--word=y y", `--word "y y": has a word twice`},
		{"--nosuch", "unknown flag: --nosuch"},
	} {
		flags := pflag.NewFlagSet("", pflag.ContinueOnError)
		flags.SetOutput(io.Discard)
		flags.Int("number", 0, "")
		flags.Bool("switch", false, "")
		flags.Duration("wait", time.Second, "")
		flags.Var(word{}, "word", "")
		err := flags.Parse([]string{test.arg})
		got := usage.Value(err)
		if got == nil || got.Error() != test.want {
			t.Errorf("%s: %v, want %s", test.arg, got, test.want)
		}
		if !errors.Is(got, err) {
			t.Errorf("%s: the error of pflag is lost", test.arg)
		}
	}
}
