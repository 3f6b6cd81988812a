package awsconfig

import "strings"

// section has the properties of a section of a file, by their names in lower case.
type section map[string]property

// property is the value of a name. It has either a text or properties of its own, which the
// lines after its line have, with an indent.
type property struct {
	text   string
	nested map[string]string
	file   string // that has it
}

// parse reads the INI of the AWS command line: [section] or [type name], "name = value" or
// "name: value", comments after # or ; and a space, and lines with an indent that are nested
// properties or continue a value. A line that is none of these is ignored, as AWS does.
func parse(text, file string) map[string]section {
	sections := map[string]section{}
	var current section
	last := "" // the property of the line before
	for line := range strings.Lines(text) {
		line = strings.TrimRight(withoutComment(line), " \t\r\n")
		inner := strings.TrimLeft(line, " \t")
		if inner == "" {
			continue
		}
		if name, ok := header(inner); ok {
			if sections[name] == nil {
				sections[name] = section{}
			}
			current, last = sections[name], ""
			continue
		}
		if current == nil {
			continue
		}
		indented := inner != line
		name, value, ok := assignment(inner)
		before := current[last]
		switch {
		case ok && indented && last != "" && before.text == "":
			if before.nested == nil {
				before.nested = map[string]string{}
			}
			before.nested[name] = value
			current[last] = before
		case ok:
			current[name], last = property{text: value, file: file}, name
		case indented && before.text != "":
			before.text += "\n" + inner
			current[last] = before
		}
	}
	return sections
}

// withoutComment removes a comment. Its mark is at the beginning of the line or after a space.
func withoutComment(line string) string {
	for i := range len(line) {
		if (line[i] == '#' || line[i] == ';') && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') {
			return line[:i]
		}
	}
	return line
}

// header returns the name of a section, with one space after its type.
func header(line string) (string, bool) {
	if !strings.HasPrefix(line, "[") {
		return "", false
	}
	// A comment may follow at once.
	inner, rest, ok := strings.Cut(line[1:], "]")
	if rest = strings.TrimSpace(rest); !ok || rest != "" && rest[0] != '#' && rest[0] != ';' {
		return "", false
	}
	inner = strings.TrimSpace(inner)
	if i := strings.IndexAny(inner, " \t"); i >= 0 {
		return inner[:i] + " " + unquote(strings.TrimSpace(inner[i:])), true
	}
	return inner, true
}

// assignment returns the name, in lower case, and the value of a property.
func assignment(line string) (name, value string, ok bool) {
	i := strings.IndexAny(line, "=:")
	if i < 0 {
		return "", "", false
	}
	return strings.ToLower(strings.TrimSpace(line[:i])), unquote(strings.TrimSpace(line[i+1:])), true
}

// unquote removes the quotes around s.
func unquote(s string) string {
	if n := len(s); n > 1 && (s[0] == '"' || s[0] == '\'') && s[n-1] == s[0] {
		return s[1 : n-1]
	}
	return s
}
