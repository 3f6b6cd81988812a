package advice

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/output"
)

// maxNames is the largest number of failed things that the verdict names.
const maxNames = 10

// Verdict is the error for several things of which some failed, each of which
// was complained of before, or were not begun. Kind is what they are called.
func Verdict(kind string, names []string, errs []error) error {
	return VerdictOn(kind, len(errs), func(i int) string { return names[i] }, errs)
}

// VerdictOn is Verdict for n things, of which only those with errors need to be in errs. Name
// returns the name of the thing with errs[i].
func VerdictOn(kind string, n int, name func(i int) string, errs []error) error {
	var failed []string
	codes := make(map[int]bool)
	untouched, wrong := 0, 0
	for i, err := range errs {
		switch {
		case err == nil:
			continue
		case IsNotStarted(err):
			untouched++
		default:
			wrong++
			if wrong <= maxNames {
				failed = append(failed, output.Escape(name(i)))
			}
		}
		codes[exit.Code(err)] = true
	}
	if wrong+untouched == 0 {
		return nil
	}
	code := exit.Some
	switch {
	case codes[exit.Interrupted]:
		code = exit.Interrupted
	case wrong+untouched < n:
	case len(codes) == 1:
		code = slices.Collect(maps.Keys(codes))[0]
	default:
		code = exit.Failed
	}
	text := fmt.Sprintf("%d of %d %s failed", wrong, n, kind)
	if len(failed) > 0 {
		text += ": " + strings.Join(failed, ", ")
	}
	if more := wrong - len(failed); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	if untouched > 0 {
		text += fmt.Sprintf("; %d not begun", untouched)
	}
	return exit.With(code, errors.New(text))
}

// notStarted is the reason why a thing was not started.
type notStarted struct{ error }

func (e notStarted) Unwrap() error { return e.error }

// NotStarted returns an error with the reason why a thing was not started. Verdict counts
// such things separately from those that failed.
func NotStarted(reason error) error { return notStarted{reason} }

// IsNotStarted reports whether err is that of a thing that was not started.
func IsNotStarted(err error) bool {
	_, ok := errors.AsType[notStarted](err)
	return ok
}
