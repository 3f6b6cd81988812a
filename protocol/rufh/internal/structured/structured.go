// Package structured parses structured field values (RFC 9651): items and dictionaries.
//
// It checks the syntax of every type, and keeps only the content of integers and booleans.
// Parameters are checked and dropped. A parser allocates at most as many bytes as its input
// has.
package structured

// Kind is the type of a value.
type Kind uint8

// The types of RFC 9651, section 3. The zero Kind is no type.
const (
	Integer   Kind = iota + 1
	Decimal        // section 3.3.2
	String         // section 3.3.3
	Token          // section 3.3.4
	Bytes          // section 3.3.5
	Boolean        // section 3.3.6
	Date           // section 3.3.7
	Text           // Display String, section 3.3.8
	InnerList      // section 3.1.1
)

// MaxInteger is the largest Integer, which has 15 digits. -MaxInteger is the smallest.
const MaxInteger = 999_999_999_999_999

// Value is a bare item or an inner list.
type Value struct {
	Kind Kind
	Int  int64 // of an Integer
	Bool bool  // of a Boolean
}

// ParseItem parses an Item (RFC 9651, section 4.2.3). ok is false for any other text, also
// for the values of several field lines joined by commas.
func ParseItem(s string) (v Value, ok bool) {
	p := &parser{rest: s}
	p.skip(" ")
	v, ok = p.item()
	p.skip(" ")
	return v, ok && p.rest == ""
}

// ParseDictionary parses a Dictionary (RFC 9651, section 4.2.2), and calls each for every
// member in order. A later member replaces an earlier one with the same key. ok is false if
// s is not a Dictionary; some members may have been passed to each then.
func ParseDictionary(s string, each func(key string, v Value)) (ok bool) {
	p := &parser{rest: s}
	p.skip(" ")
	for p.rest != "" {
		key, ok := p.key()
		if !ok {
			return false
		}
		v, ok := p.member()
		if !ok {
			return false
		}
		each(key, v)
		p.skip(" \t")
		if p.rest == "" {
			return true
		}
		if !p.take(',') {
			return false
		}
		if p.skip(" \t"); p.rest == "" {
			return false
		}
	}
	return true
}
