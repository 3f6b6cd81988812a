package batch

import (
	"bufio"
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/textfile"
	"github.com/tusker-go/tusker/cli/internal/usage"
)

func TestNamesFrom(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		Find string
		null bool
		want []string
	}{
		"nothing":           {"", false, nil},
		"lines":             {"a\nb\n", false, []string{"a", "b"}},
		"no end":            {"a\nb", false, []string{"a", "b"}},
		"of Windows":        {"a\r\nb\r\n", false, []string{"a", "b"}},
		"empty ones":        {"\na\n\n\nb\n\n", false, []string{"a", "b"}},
		"spaces":            {" a b \n", false, []string{" a b "}},
		"a dash":            {"-\n-x\n", false, []string{"." + string(filepath.Separator) + "-", "-x"}},
		"NUL":               {"a\nb\x00c\r\x00", true, []string{"a\nb", "c\r"}},
		"NUL without end":   {"a\x00\x00b", true, []string{"a", "b"}},
		"invalid UTF-8":     {"\xff\xfe\n", false, []string{"\xff\xfe"}},
		"a byte order mark": {"\ufeffa\n", false, []string{"a"}},
		"UTF-16":            {"\xff\xfea\x00\r\x00\n\x00b\x00", false, []string{"a", "b"}},
		"NUL without -0":    {"a\nb\x00c\x00", false, []string{"a\nb", "c"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := iotest.OneByteReader(strings.NewReader(test.Find))
			var got []string
			for name, err := range NamesFrom(t.Context(), in, usage.Stdin, test.null) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, name)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestNamesFromFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	tests := map[string]struct {
		in   io.Reader
		want error
	}{
		"breaks off":    {io.MultiReader(strings.NewReader("a\n"), iotest.ErrReader(broken)), broken},
		"endless names": {strings.NewReader(strings.Repeat("x", textfile.MaxName+1)), bufio.ErrTooLong},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := test.in
			var got error
			for _, err := range NamesFrom(t.Context(), in, usage.Stdin, false) {
				got = err
			}
			if !errors.Is(got, test.want) || exit.Code(got) != exit.Usage {
				t.Errorf("%v with code %d, want %v", got, exit.Code(got), test.want)
			}
		})
	}
}

// A list that never comes does not keep the command from its end.
func TestNamesFromSilentPipe(t *testing.T) {
	t.Parallel()
	silent, w := io.Pipe()
	defer func() { _ = w.Close() }()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(exit.ErrInterrupted)
	in := silent
	var got error
	for _, err := range NamesFrom(ctx, in, usage.Stdin, false) {
		got = err
	}
	if exit.Code(got) != exit.Interrupted {
		t.Errorf("%v with code %d, want %d", got, exit.Code(got), exit.Interrupted)
	}
}
