package structured

import (
	"encoding/base64"
	"strconv"
	"strings"
	"unicode/utf8"
)

// bareItem parses a bare item (section 4.2.3.1). The methods that it calls rely on the first
// character.
func (p *parser) bareItem() (Value, bool) {
	switch c := p.next(); {
	case c == '-' || isDigit(c):
		return p.number()
	case c == '"':
		return Value{Kind: String}, p.str()
	case c == '*' || isAlpha(c):
		return p.token(), true
	case c == ':':
		return Value{Kind: Bytes}, p.bytes()
	case c == '?':
		return p.boolean()
	case c == '@':
		p.take('@')
		v, ok := p.number()
		return Value{Kind: Date}, ok && v.Kind == Integer
	case c == '%':
		return Value{Kind: Text}, p.text()
	}
	return Value{}, false
}

// number parses an Integer or a Decimal (section 4.2.4).
func (p *parser) number() (Value, bool) {
	negative := p.take('-')
	digits := p.while(isDigit)
	if p.take('.') {
		fraction := p.while(isDigit)
		ok := len(digits) > 0 && len(digits) <= 12 && len(fraction) > 0 && len(fraction) <= 3
		return Value{Kind: Decimal}, ok
	}
	if len(digits) > 15 {
		return Value{}, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if negative {
		n = -n
	}
	return Value{Kind: Integer, Int: n}, err == nil
}

// str parses a String (section 4.2.5).
func (p *parser) str() bool {
	p.take('"')
	for {
		p.while(func(c byte) bool { return isPrintable(c) && c != '"' && c != '\\' })
		switch {
		case p.take('"'):
			return true
		case !p.take('\\'):
			return false
		case !p.take('"') && !p.take('\\'):
			return false
		}
	}
}

// token parses a Token (section 4.2.6).
func (p *parser) token() Value {
	p.while(func(c byte) bool {
		return isAlpha(c) || isDigit(c) || c != 0 && strings.IndexByte("!#$%&'*+-.^_`|~:/", c) >= 0
	})
	return Value{Kind: Token}
}

// bytes parses a Byte Sequence (section 4.2.7).
func (p *parser) bytes() bool {
	p.take(':')
	encoded := p.while(func(c byte) bool {
		return isAlpha(c) || isDigit(c) || c == '+' || c == '/' || c == '='
	})
	_, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(encoded, "="))
	return err == nil && p.take(':')
}

// boolean parses a Boolean (section 4.2.8).
func (p *parser) boolean() (Value, bool) {
	p.take('?')
	if p.take('1') {
		return Value{Kind: Boolean, Bool: true}, true
	}
	return Value{Kind: Boolean}, p.take('0')
}

// text parses a Display String (section 4.2.10).
func (p *parser) text() bool {
	if !p.take('%') || !p.take('"') {
		return false
	}
	var decoded strings.Builder
	for {
		decoded.WriteString(p.while(func(c byte) bool { return isPrintable(c) && c != '"' && c != '%' }))
		if p.take('"') {
			return utf8.ValidString(decoded.String())
		}
		if !p.take('%') || len(p.rest) < 2 {
			return false
		}
		c, ok := unhex(p.rest[:2])
		if !ok {
			return false
		}
		decoded.WriteByte(c)
		p.rest = p.rest[2:]
	}
}

// unhex decodes two digits of lower-case hexadecimal.
func unhex(s string) (byte, bool) {
	n, err := strconv.ParseUint(s, 16, 8)
	return byte(n), err == nil && s == strings.ToLower(s)
}

func isPrintable(c byte) bool { return 0x20 <= c && c < 0x7f }
