// Package textfile reads text that other systems wrote: with a byte order mark, in UTF-16, and
// with names that end in line breaks or in NUL.
package textfile

import (
	"bufio"
	"bytes"
	"io"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// MaxName is the length in bytes of the longest name that Names reads. No system has longer
// paths.
const MaxName = 1 << 20

// headSize is the number of bytes that are examined to find the encoding of a text.
const headSize = 64 << 10

// encoding is the encoding of the characters of a text.
type encoding uint8

const (
	plain       encoding = iota // UTF-8, or bytes of an unknown encoding
	markedUTF8                  // UTF-8 behind a byte order mark
	utf16Little                 // UTF-16, the low byte first
	utf16Big                    // UTF-16, the high byte first
)

// UTF8 returns text as UTF-8 without a byte order mark. Text without a mark is returned
// unchanged.
func UTF8(text []byte) []byte {
	out, err := io.ReadAll(decoder(bytes.NewReader(text), byMark(text)))
	if err != nil {
		return text
	}
	return out
}

// Names returns a scanner of the names in r. The names end in line breaks, or in NUL if null
// is true or if r has a NUL: no file name has one. Empty names are returned, too. An error of
// the scanner is that of r, or bufio.ErrTooLong.
func Names(r io.Reader, null bool) *bufio.Scanner {
	in := bufio.NewReaderSize(r, headSize)
	head, _ := in.Peek(headSize) // the scanner returns the error
	form, null := listForm(head, null)
	names := bufio.NewScanner(decoder(in, form))
	names.Buffer(nil, MaxName)
	names.Split(lines)
	if null {
		names.Split(nulls)
	}
	return names
}

// listForm returns the encoding of a list that begins with head, and whether its names end in
// NUL. Null is true if the user says so.
func listForm(head []byte, null bool) (encoding, bool) {
	end := byte('\n')
	if null {
		end = 0
	}
	marked := byMark(head)
	switch {
	case marked == markedUTF8:
		return marked, null || bytes.IndexByte(head, 0) >= 0
	case marked != plain && (hasUnit(head, marked, end) || !null && bytes.IndexByte(head, 0) >= 0):
		return marked, null || hasUnit(head, marked, 0)
	case null:
		return plain, true
	case hasUnit(head, utf16Little, '\n') && bytes.IndexByte(head, 0) == 1:
		return utf16Little, false
	case hasUnit(head, utf16Big, '\n') && bytes.IndexByte(head, 0) == 0:
		return utf16Big, false
	}
	// The first two bytes of a mark for UTF-16 may be the beginning of a name in another
	// encoding.
	return plain, bytes.IndexByte(head, 0) >= 0
}

// byMark returns the encoding that a byte order mark names.
func byMark(text []byte) encoding {
	switch {
	case bytes.HasPrefix(text, []byte("\xef\xbb\xbf")):
		return markedUTF8
	case bytes.HasPrefix(text, []byte("\xff\xfe")):
		return utf16Little
	case bytes.HasPrefix(text, []byte("\xfe\xff")):
		return utf16Big
	}
	return plain
}

// hasUnit reports whether UTF-16 text contains the ASCII character c.
func hasUnit(text []byte, form encoding, c byte) bool {
	for i := 0; i+1 < len(text); i += 2 {
		low, high := text[i], text[i+1]
		if form == utf16Big {
			low, high = high, low
		}
		if high == 0 && low == c {
			return true
		}
	}
	return false
}

// decoder returns the text of r as UTF-8 without a mark.
func decoder(r io.Reader, form encoding) io.Reader {
	switch form {
	case markedUTF8:
		return transform.NewReader(r, unicode.BOMOverride(transform.Nop))
	case utf16Little:
		return transform.NewReader(r, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder())
	case utf16Big:
		return transform.NewReader(r, unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder())
	case plain:
	}
	return r
}

// Token returns the only word of text, without the beginning of a header field: "Bearer" and
// "Authorization:" are often copied together with a token. Ok is false if text is not one
// word of printable ASCII.
func Token(text []byte) (token string, ok bool) {
	words := strings.Fields(string(UTF8(text)))
	if len(words) > 1 && strings.EqualFold(words[0], "Authorization:") {
		words = words[1:]
	}
	if len(words) > 1 && strings.EqualFold(words[0], "Bearer") {
		words = words[1:]
	}
	if len(words) != 1 || strings.ContainsFunc(words[0], func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return "", false
	}
	return words[0], true
}

// lines splits at line feeds, and removes a carriage return at the end of a line.
func lines(data []byte, atEnd bool) (int, []byte, error) {
	advance, line, err := split('\n', data, atEnd)
	return advance, bytes.TrimSuffix(line, []byte("\r")), err
}

func nulls(data []byte, atEnd bool) (int, []byte, error) { return split(0, data, atEnd) }

func split(separator byte, data []byte, atEnd bool) (int, []byte, error) {
	if i := bytes.IndexByte(data, separator); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEnd && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}
