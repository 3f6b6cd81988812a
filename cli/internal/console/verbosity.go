package console

import (
	"errors"
	"strconv"
)

// verbosity is how much is logged, as the value of a flag that can be repeated: 0 for the
// default, 1 for every exchange, 2 for the headers of exchanges, too.
type verbosity int

// once is what the flag without a value means: one more than before.
const once = "+1"

var errVerbosity = errors.New("not true, false, or a number such as 2")

// Set adds one, or sets a number, true or false.
func (v *verbosity) Set(text string) error {
	if text == once {
		*v++
		return nil
	}
	if n, err := strconv.ParseUint(text, 10, 8); err == nil {
		*v = verbosity(n)
		return nil
	}
	on, err := strconv.ParseBool(text)
	if err != nil {
		return errVerbosity
	}
	*v = 0
	if on {
		*v = 1
	}
	return nil
}

// String writes a verbosity so that Set reads the same value.
func (v *verbosity) String() string {
	switch *v {
	case 0:
		return "false"
	case 1:
		return "true"
	}
	return strconv.Itoa(int(*v))
}

// Type names the value in help texts. The flag looks like a switch.
func (v *verbosity) Type() string { return "bool" }
