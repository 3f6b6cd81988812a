// Package netrc reads the file that ftp, curl and git look for passwords in:
// words separated by white space, "machine NAME login NAME password WORD", and
// "default" for all other machines.
package netrc

import (
	"errors"
	"fmt"
	"net"
	"strings"
)

// Entry is one login that a file has for one machine.
type Entry struct {
	// Machine is a host name, or a host and a port; "" is for all that have no
	// entry.
	Machine string

	// Login and Password are "" where the file has none.
	Login, Password string
}

// File is what a netrc file holds, in its order. It is not changed once it is
// read, and safe for concurrent use then.
type File struct{ entries []Entry }

// Find gives the first entry for host, of that login unless login is "". An entry
// that names the port too wins over one for the whole host, and both win over the
// default entry, which fits every host. A nil File has none.
func (f *File) Find(host, port, login string) (Entry, bool) {
	if f == nil {
		return Entry{}, false
	}
	for _, machine := range []string{net.JoinHostPort(host, port), host, ""} {
		for _, e := range f.entries {
			if strings.EqualFold(e.Machine, machine) && (login == "" || login == e.Login) {
				return e, true
			}
		}
	}
	return Entry{}, false
}

// ErrSyntax is what Parse fails with. The errors name a line and repeat nothing
// of the file.
var ErrSyntax = errors.New("not a netrc file")

// Parse reads text. The keywords are machine, default, login (or user), password
// (or passwd), account, whose value is skipped, and macdef, whose macro is skipped up
// to an empty line. A # at the beginning of a word makes a comment of the line's rest
// where a keyword is expected. The value of a keyword is the next word, whatever it is:
// a password may begin with # or be called machine. A word in double quotes may hold
// white space, and a backslash before any character.
//
// A second login, or a second password, of a machine begins another entry for it.
func Parse(text string) (*File, error) {
	p := &parser{words: words{rest: strings.TrimPrefix(text, "\ufeff"), line: 1}}
	for {
		word, ok, err := p.words.keyword()
		if err != nil {
			return nil, err
		}
		if !ok {
			p.end()
			return &p.file, nil
		}
		if err := p.take(strings.ToLower(word)); err != nil {
			return nil, err
		}
	}
}

// parser holds the entry that is being read.
type parser struct {
	words words
	file  File

	begun           bool // there is an entry
	entry           Entry
	login, password bool // the entry has one
}

func (p *parser) take(keyword string) error {
	switch keyword {
	case "machine":
		name, err := p.words.value()
		if err == nil && name == "" {
			err = p.words.error("a machine without a name")
		}
		p.begin(name)
		return err
	case "default":
		p.begin("")
		return nil
	case "macdef":
		return p.words.skipMacro()
	case "account":
		return p.set(keyword, new(string))
	case "login", "user":
		if p.login {
			p.begin(p.entry.Machine)
		}
		p.login = true
		return p.set(keyword, &p.entry.Login)
	case "password", "passwd":
		if p.password {
			p.begin(p.entry.Machine)
		}
		p.password = true
		return p.set(keyword, &p.entry.Password)
	}
	return p.words.error("a word that is none of machine, default, login, password, account and macdef")
}

func (p *parser) set(keyword string, to *string) error {
	value, err := p.words.value()
	if err != nil {
		return err
	}
	if !p.begun {
		return p.words.error(keyword + " of no machine")
	}
	*to = value
	return nil
}

func (p *parser) begin(machine string) {
	p.end()
	p.begun, p.entry, p.login, p.password = true, Entry{Machine: machine}, false, false
}

func (p *parser) end() {
	if p.begun {
		p.file.entries = append(p.file.entries, p.entry)
	}
}

// words reads a text word by word.
type words struct {
	rest string
	line int
}

func (w *words) error(text string) error {
	return fmt.Errorf("%w: line %d: %s", ErrSyntax, w.line, text)
}

// keyword gives the next word that is not in a comment; false at the end.
func (w *words) keyword() (string, bool, error) {
	for {
		w.skipSpace()
		if !strings.HasPrefix(w.rest, "#") {
			return w.word()
		}
		w.rest = w.rest[lineEnd(w.rest):]
	}
}

// value gives the next word.
func (w *words) value() (string, error) {
	w.skipSpace()
	word, ok, err := w.word()
	if err == nil && !ok {
		err = w.error("it ends too early")
	}
	return word, err
}

func (w *words) skipSpace() {
	for w.rest != "" && isSpace(w.rest[0]) {
		if w.rest[0] == '\n' {
			w.line++
		}
		w.rest = w.rest[1:]
	}
}

// word gives the word that the rest begins with; false at the end.
func (w *words) word() (string, bool, error) {
	if w.rest == "" {
		return "", false, nil
	}
	if w.rest[0] == '"' {
		word, err := w.quoted()
		return word, true, err
	}
	n := strings.IndexFunc(w.rest, func(r rune) bool { return r < 0x80 && isSpace(byte(r)) })
	if n < 0 {
		n = len(w.rest)
	}
	word := w.rest[:n]
	w.rest = w.rest[n:]
	return word, true, nil
}

func (w *words) quoted() (string, error) {
	var word strings.Builder
	for i := 1; i < len(w.rest); i++ {
		switch c := w.rest[i]; c {
		case '"':
			w.rest = w.rest[i+1:]
			return word.String(), nil
		case '\n':
			return "", w.error("a quote without an end")
		case '\\':
			if i++; i < len(w.rest) {
				word.WriteByte(w.rest[i])
			}
		default:
			word.WriteByte(c)
		}
	}
	return "", w.error("a quote without an end")
}

// skipMacro goes to the empty line that ends a macro, which has a name on the line
// of its keyword.
func (w *words) skipMacro() error {
	if strings.TrimSpace(w.rest[:lineEnd(w.rest)]) == "" {
		return w.error("a macro without a name")
	}
	for w.rest != "" {
		n := lineEnd(w.rest)
		blank := strings.TrimSpace(w.rest[:n]) == ""
		w.rest = w.rest[min(n+1, len(w.rest)):]
		w.line++
		if blank {
			return nil
		}
	}
	return nil
}

func lineEnd(s string) int {
	if n := strings.IndexByte(s, '\n'); n >= 0 {
		return n
	}
	return len(s)
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
