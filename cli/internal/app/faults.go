package app

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tusker-go/tusker/testserver"
)

// faultMethods are the words for methods; the first is all of them.
var faultMethods = []string{"any", http.MethodPost, http.MethodHead, http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodGet}

// parseFault reads [METHOD] ACTION [ARG...] [xN|always].
func parseFault(spec string) (testserver.Fault, error) {
	var fault testserver.Fault
	words := faultWords(strings.Fields(spec))
	if strings.ContainsFunc(spec, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return fault, errors.New("control character")
	}
	methodGiven := len(words) > 0 && isFaultMethod(words[0])
	if methodGiven {
		if fault.Method = strings.ToUpper(words[0]); fault.Method == "ANY" {
			fault.Method = ""
		}
		words = words[1:]
	}
	if len(words) == 0 {
		return fault, fmt.Errorf("no action: want one of %s", faultNames())
	}
	i := slices.IndexFunc(faultActions, func(a faultAction) bool { return a.name == words[0] })
	switch {
	case i < 0 && methodGiven:
		return fault, fmt.Errorf("no action %q: want one of %s", words[0], faultNames())
	case i < 0:
		return fault, fmt.Errorf("%q is neither a method (%s) nor an action (%s)",
			words[0], strings.Join(faultMethods, ", "), faultNames())
	}
	action := faultActions[i]
	words = words[1:]
	var err error
	if fault.Times, err = words.times(); err != nil {
		return fault, err
	}
	if fault.Do, err = action.parse(&words); err == nil && len(words) > 0 {
		err = fmt.Errorf("%q is too much", strings.Join(words, " "))
	}
	if err != nil {
		return fault, fmt.Errorf("%w: want %s", err, action.usage())
	}
	return fault, nil
}

func isFaultMethod(word string) bool {
	return slices.ContainsFunc(faultMethods, func(m string) bool { return strings.EqualFold(m, word) })
}

func faultNames() string {
	names := make([]string, len(faultActions))
	for i, a := range faultActions {
		names[i] = a.name
	}
	return strings.Join(names, ", ")
}

// times takes the last word where it says how often. 0: it does not.
func (w *faultWords) times() (int, error) {
	if len(*w) == 0 {
		return 0, nil
	}
	last := (*w)[len(*w)-1]
	n := testserver.Always
	if last != "always" {
		digits, ok := strings.CutPrefix(last, "x")
		if !ok || digits == "" || strings.Trim(digits, "0123456789") != "" {
			return 0, nil
		}
		var err error
		if n, err = strconv.Atoi(digits); err != nil || n < 1 {
			return 0, fmt.Errorf("%q is not how often: want x1, x2, ... or always", last)
		}
	}
	*w = (*w)[:len(*w)-1]
	return n, nil
}

// Where the columns of faultHelp begin and how wide the last one is.
const (
	faultColumn = 26
	faultWidth  = helpWidth - faultColumn
)

// faultHelp lists the actions.
func faultHelp() string {
	var b strings.Builder
	for _, a := range faultActions {
		name := "  " + a.usage()
		if len(name) > faultColumn-2 {
			b.WriteString(name + "\n")
			name = ""
		}
		for _, line := range wrapped(a.doc, faultWidth) {
			fmt.Fprintf(&b, "%-*s%s\n", faultColumn, name, line)
			name = ""
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// wrapped breaks text, of words no longer than width, into lines.
func wrapped(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) > width:
			lines, line = append(lines, line), word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}
