// Package netrc reads the file that ftp, curl and git look for passwords in:
// words separated by white space, "machine NAME login NAME password WORD", and
// "default" for all other machines.
package netrc

import (
	"errors"
	"fmt"
	"strings"
)

// Entry is what a file knows of one machine.
type Entry struct {
	// Machine is a host name without port; "" is for all that have no entry.
	Machine string

	// Login and Password are "" where the file has none.
	Login, Password string
}

// File is what a netrc file holds, in its order. It is not changed once it is
// read, and safe for concurrent use then.
type File struct{ entries []Entry }

// Find gives the first entry for host, of that login unless login is "". The
// default entry fits every host. A nil File has none.
func (f *File) Find(host, login string) (Entry, bool) {
	if f == nil {
		return Entry{}, false
	}
	for _, e := range f.entries {
		if (e.Machine == "" || strings.EqualFold(e.Machine, host)) && (login == "" || login == e.Login) {
			return e, true
		}
	}
	return Entry{}, false
}

// ErrSyntax is what Parse fails with. The errors name a line and repeat nothing
// of the file.
var ErrSyntax = errors.New("not a netrc file")

// Parse reads text. Macros are skipped, and a # at the beginning of a word makes
// a comment of the line's rest. A word in double quotes may hold white space, and
// a backslash before any character.
func Parse(text string) (*File, error) {
	p := &parser{rest: text, line: 1}
	f := &File{}
	for {
		word, ok, err := p.word()
		if err != nil {
			return nil, err
		}
		if !ok {
			return f, nil
		}
		if err := f.take(p, word); err != nil {
			return nil, err
		}
	}
}

func (f *File) take(p *parser, word string) error {
	switch word {
	case "machine":
		name, err := p.value()
		if err == nil && name == "" {
			err = p.error("a machine without a name")
		}
		f.entries = append(f.entries, Entry{Machine: name})
		return err
	case "default":
		f.entries = append(f.entries, Entry{})
		return nil
	case "macdef":
		p.skipMacro()
		return nil
	case "login", "password", "account":
		value, err := p.value()
		if err != nil {
			return err
		}
		if len(f.entries) == 0 {
			return p.error(word + " of no machine")
		}
		last := &f.entries[len(f.entries)-1]
		switch word {
		case "login":
			last.Login = value
		case "password":
			last.Password = value
		}
		return nil
	}
	return p.error("a word that is none of machine, default, login, password, account and macdef")
}

type parser struct {
	rest string
	line int
}

func (p *parser) error(text string) error {
	return fmt.Errorf("%w: line %d: %s", ErrSyntax, p.line, text)
}

func (p *parser) value() (string, error) {
	word, ok, err := p.word()
	if err == nil && !ok {
		err = p.error("it ends too early")
	}
	return word, err
}

// word gives the next word; false at the end.
func (p *parser) word() (string, bool, error) {
	for p.rest != "" {
		switch c := p.rest[0]; {
		case c == '\n':
			p.line++
			p.rest = p.rest[1:]
		case isSpace(c):
			p.rest = p.rest[1:]
		case c == '#':
			p.rest = p.rest[lineEnd(p.rest):]
		case c == '"':
			word, err := p.quoted()
			return word, true, err
		default:
			n := strings.IndexFunc(p.rest, func(r rune) bool { return r < 0x80 && isSpace(byte(r)) })
			if n < 0 {
				n = len(p.rest)
			}
			word := p.rest[:n]
			p.rest = p.rest[n:]
			return word, true, nil
		}
	}
	return "", false, nil
}

func (p *parser) quoted() (string, error) {
	var word strings.Builder
	for i := 1; i < len(p.rest); i++ {
		switch c := p.rest[i]; c {
		case '"':
			p.rest = p.rest[i+1:]
			return word.String(), nil
		case '\n':
			return "", p.error("a quote without an end")
		case '\\':
			if i++; i < len(p.rest) {
				word.WriteByte(p.rest[i])
			}
		default:
			word.WriteByte(c)
		}
	}
	return "", p.error("a quote without an end")
}

// skipMacro goes to the empty line that ends a macro.
func (p *parser) skipMacro() {
	for p.rest != "" {
		n := lineEnd(p.rest)
		blank := strings.TrimSpace(p.rest[:n]) == ""
		p.rest = p.rest[min(n+1, len(p.rest)):]
		p.line++
		if blank {
			return
		}
	}
}

func lineEnd(s string) int {
	if n := strings.IndexByte(s, '\n'); n >= 0 {
		return n
	}
	return len(s)
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
