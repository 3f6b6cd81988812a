// Package netrc reads the file in which ftp, curl and git look for passwords. It has
// words that are separated by white space: "machine NAME login NAME password WORD", and
// "default" for all other machines.
package netrc

import (
	"errors"
	"fmt"
	"net"
	"strings"
)

// Entry is one login for one machine.
type Entry struct {
	// Machine is a host name, or a host and a port. "": the entry is for all machines
	// without an entry.
	Machine string

	// Login and Password are "" if the file has none.
	Login, Password string
}

// File is the content of a netrc file, in its order. It does not change, and is safe for
// concurrent use.
type File struct{ entries []Entry }

// Find returns the first entry for host. If login is not "", the entry must have this
// login. An entry with the port wins over an entry for the whole host, and both win over
// the default entry, which matches every host. A nil File has no entries.
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

// ErrSyntax is wrapped by all errors of Parse. The errors have a line number and no text
// of the file.
var ErrSyntax = errors.New("not a netrc file")

// Parse reads text. The keywords are machine, default, login (or user), password (or
// passwd), account, whose value is skipped, and macdef, whose macro is skipped up to an
// empty line. In the place of a keyword, a word that begins with # starts a comment up to
// the end of the line. The value of a keyword is the next word: a password may begin with
// # or be the word machine. A word in double quotes may contain white space, and a
// backslash before any character. A second login or password of a machine begins another
// entry for it.
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

// parser has the entry that is being read.
type parser struct {
	words words
	file  File

	begun           bool // an entry was begun
	entry           Entry
	login, password bool // the entry has a login or a password
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

// keyword returns the next word that is not in a comment. ok is false at the end.
func (w *words) keyword() (string, bool, error) {
	for {
		w.skipSpace()
		if !strings.HasPrefix(w.rest, "#") {
			return w.word()
		}
		w.rest = w.rest[lineEnd(w.rest):]
	}
}

// value returns the next word.
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

// word returns the first word of the rest. ok is false at the end.
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

// skipMacro skips a macro up to the empty line at its end. The name of the macro is on
// the line of its keyword.
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
