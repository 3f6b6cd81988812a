package flags

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// List adds a flag that can be repeated, whose values go to p. It is StringArrayVarP of package
// pflag without the buffer that each flag of it allocates at the start of the program.
func List(f *pflag.FlagSet, p *[]string, name, shorthand, usage string) {
	f.VarP(&list{p}, name, shorthand, usage)
}

// list is the value of a flag that can be repeated. It implements pflag.SliceValue.
type list struct{ values *[]string }

// Set adds a value.
func (l *list) Set(text string) error { return l.Append(text) }

// Append adds a value.
func (l *list) Append(text string) error {
	*l.values = append(*l.values, text)
	return nil
}

// Replace replaces all values.
func (l *list) Replace(values []string) error {
	*l.values = slices.Clone(values)
	return nil
}

// GetSlice returns the values.
func (l *list) GetSlice() []string { return slices.Clone(*l.values) }

// String returns the values for people, and "" for none.
func (l *list) String() string { return strings.Join(*l.values, ", ") }

// Type is that of package pflag.
func (l *list) Type() string { return "stringArray" }
