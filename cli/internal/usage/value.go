package usage

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// FlagError is the function for errors of flags on the command line.
func FlagError(_ *cobra.Command, err error) error { return Value(err) }

// Value returns err with a message that names the flag and its value once, and says what is
// wrong with the value. Errors that are not about the value of a flag stay as they are.
func Value(err error) error {
	if wrong, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return &valueError{wrong}
	}
	return err
}

// valueError is a value that its flag does not take.
type valueError struct {
	wrong *pflag.InvalidValueError
}

func (e *valueError) Error() string {
	flag, value := e.wrong.GetFlag(), strconv.Quote(e.wrong.GetValue())
	return fmt.Sprintf("--%s %s: %s", flag.Name, value, complaint(flag.Value.Type(), value, e.wrong.Unwrap()))
}

// Unwrap returns the error of package pflag.
func (e *valueError) Unwrap() error { return e.wrong }

// complaint says why a flag of that type does not take a quoted value. The types of package
// pflag have errors of package strconv and package time, which users of flags cannot know.
func complaint(flagType, value string, cause error) string {
	switch {
	case errors.Is(cause, strconv.ErrRange):
		return "the number is too large or too small"
	case flagType == "bool":
		return "neither true nor false"
	case flagType == "duration":
		return "not a duration such as 30s or 10m"
	case errors.Is(cause, strconv.ErrSyntax):
		return "not a whole number"
	}
	return strings.TrimLeft(strings.TrimPrefix(cause.Error(), value), ": ")
}
