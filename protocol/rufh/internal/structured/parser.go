package structured

import "strings"

// parser consumes the text of one field value from its beginning. Its methods are the
// algorithms of RFC 9651, section 4.2.
type parser struct{ rest string }

func (p *parser) skip(cutset string) { p.rest = strings.TrimLeft(p.rest, cutset) }

// next returns the next character, or 0 at the end. A NUL in the text is never valid, so
// the two need no distinction.
func (p *parser) next() byte {
	if p.rest == "" {
		return 0
	}
	return p.rest[0]
}

// take consumes c if it is the next character.
func (p *parser) take(c byte) bool {
	if p.next() != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

// while consumes characters as long as each of them is accepted.
func (p *parser) while(accept func(c byte) bool) string {
	n := 0
	for n < len(p.rest) && accept(p.rest[n]) {
		n++
	}
	s := p.rest[:n]
	p.rest = p.rest[n:]
	return s
}

// key parses a key (section 4.2.3.3).
func (p *parser) key() (string, bool) {
	if c := p.next(); !isLower(c) && c != '*' {
		return "", false
	}
	return p.while(func(c byte) bool {
		return isLower(c) || isDigit(c) || c == '_' || c == '-' || c == '.' || c == '*'
	}), true
}

// member parses what follows the key of a dictionary's member (section 4.2.2).
func (p *parser) member() (Value, bool) {
	if !p.take('=') {
		return Value{Kind: Boolean, Bool: true}, p.parameters()
	}
	if p.take('(') {
		return Value{Kind: InnerList}, p.innerList()
	}
	return p.item()
}

// innerList parses what follows the "(" of an inner list (section 4.2.1.2).
func (p *parser) innerList() bool {
	for p.rest != "" {
		p.skip(" ")
		if p.take(')') {
			return p.parameters()
		}
		if _, ok := p.item(); !ok {
			return false
		}
		if c := p.next(); c != ' ' && c != ')' {
			return false
		}
	}
	return false
}

// item parses a bare item and its parameters (section 4.2.3).
func (p *parser) item() (Value, bool) {
	v, ok := p.bareItem()
	return v, ok && p.parameters()
}

// parameters parses parameters (section 4.2.3.2).
func (p *parser) parameters() bool {
	for p.take(';') {
		p.skip(" ")
		if _, ok := p.key(); !ok {
			return false
		}
		if !p.take('=') {
			continue
		}
		if _, ok := p.bareItem(); !ok {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isAlpha(c byte) bool { return isLower(c | 0x20) }
