// Package faults parses the values of "tusker serve --fault" and has their help.
package faults

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tusker-go/tusker/testserver"
)

// methods are the words for methods. The first one stands for all methods.
var methods = []string{"any", http.MethodPost, http.MethodHead, http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodGet}

// Protocol is the protocol of the server that gets a fault.
type Protocol int

// The protocols. RUFH is the IETF's Resumable Uploads for HTTP.
const (
	Tus Protocol = iota
	RUFH
)

// Parse reads [METHOD] ACTION [ARG...] [xN|always]. An action of RUFH is an error for
// tus.
func Parse(spec string, p Protocol) (testserver.Fault, error) {
	var fault testserver.Fault
	rest := words(strings.Fields(spec))
	if strings.ContainsFunc(spec, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return fault, errors.New("control character")
	}
	methodGiven := len(rest) > 0 && isMethod(rest[0])
	if methodGiven {
		if fault.Method = strings.ToUpper(rest[0]); fault.Method == "ANY" {
			fault.Method = ""
		}
		rest = rest[1:]
	}
	if len(rest) == 0 {
		return fault, fmt.Errorf("no action: want one of %s", names(p))
	}
	i := slices.IndexFunc(actions, func(a action) bool { return a.name == rest[0] })
	switch {
	case i < 0 && methodGiven:
		return fault, fmt.Errorf("no action %q: want one of %s", rest[0], names(p))
	case i < 0:
		return fault, fmt.Errorf("%q is neither a method (%s) nor an action (%s)",
			rest[0], Methods(), names(p))
	}
	do := actions[i]
	parse := do.parserFor(p)
	if parse == nil {
		return fault, fmt.Errorf("%s is for --rufh", do.name)
	}
	rest = rest[1:]
	var err error
	if fault.Times, err = rest.times(); err != nil {
		return fault, err
	}
	if fault.Do, err = parse(&rest); err == nil && len(rest) > 0 {
		err = fmt.Errorf("%q is one word too many", strings.Join(rest, " "))
	}
	if err != nil {
		return fault, fmt.Errorf("%w: want %s", err, do.usage())
	}
	return fault, nil
}

// Methods lists the words for methods.
func Methods() string { return strings.Join(methods, ", ") }

func isMethod(word string) bool {
	return slices.ContainsFunc(methods, func(m string) bool { return strings.EqualFold(m, word) })
}

func names(p Protocol) string {
	var list []string
	for _, a := range actions {
		if a.parserFor(p) != nil {
			list = append(list, a.name)
		}
	}
	return strings.Join(list, ", ")
}
