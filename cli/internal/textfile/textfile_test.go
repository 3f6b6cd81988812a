package textfile_test

import (
	"encoding/binary"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/cli/internal/textfile"
)

// utf16Of returns s in UTF-16.
func utf16Of(order binary.AppendByteOrder, s string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}

// little and big are both orders of the bytes in UTF-16.
var (
	little binary.AppendByteOrder = binary.LittleEndian
	big    binary.AppendByteOrder = binary.BigEndian
)

func TestNames(t *testing.T) {
	t.Parallel()
	const mark = "\ufeff"
	tests := map[string]struct {
		list string
		null bool
		want []string
	}{
		"nothing":                      {"", false, nil},
		"lines":                        {"a\nb\n", false, []string{"a", "b"}},
		"no end":                       {"a\nb", false, []string{"a", "b"}},
		"CR LF":                        {"a\r\nb\r\n", false, []string{"a", "b"}},
		"CR LF, no end":                {"a\r\nb\r", false, []string{"a", "b"}},
		"CR inside":                    {"a\rb\r\n", false, []string{"a\rb"}},
		"NUL":                          {"a\nb\x00c\r\x00", true, []string{"a\nb", "c\r"}},
		"NUL, not asked for":           {"a\x00b\nc\x00", false, []string{"a", "b\nc"}},
		"NUL, two short names":         {"a\x00b\x00", false, []string{"a", "b"}},
		"NUL, short names, asked for":  {"a\x00b\x00", true, []string{"a", "b"}},
		"NUL behind a mark":            {mark + "a\x00b\x00", false, []string{"a", "b"}},
		"mark":                         {mark + "a\nb\n", false, []string{"a", "b"}},
		"mark and CR LF":               {mark + "a\r\nb\r\n", false, []string{"a", "b"}},
		"mark alone":                   {mark, false, nil},
		"mark and NUL, asked for":      {mark + "a\x00b", true, []string{"a", "b"}},
		"UTF-16, low byte first":       {utf16Of(little, mark+"é.txt\r\nb😀\r\n"), false, []string{"é.txt", "b😀"}},
		"UTF-16, high byte first":      {utf16Of(big, mark+"é.txt\r\nb😀\r\n"), false, []string{"é.txt", "b😀"}},
		"UTF-16, one name":             {utf16Of(little, mark+"a.txt"), false, []string{"a.txt"}},
		"UTF-16, no mark":              {utf16Of(little, "a.txt\nb.txt\n"), false, []string{"a.txt", "b.txt"}},
		"UTF-16, no mark, high first":  {utf16Of(big, "a.txt\nb.txt\n"), false, []string{"a.txt", "b.txt"}},
		"UTF-16 and NUL":               {utf16Of(little, mark+"a\x00b\nc\x00"), true, []string{"a", "b\nc"}},
		"UTF-16 and NUL, not asked":    {utf16Of(little, mark+"a\x00b\nc\x00"), false, []string{"a", "b\nc"}},
		"Latin-1, like a mark":         {"\xff\xfe.txt\nb\n", false, []string{"\xff\xfe.txt", "b"}},
		"Latin-1, like a mark, NUL":    {"\xff\xfe.txt\x00b\x00", true, []string{"\xff\xfe.txt", "b"}},
		"Latin-1":                      {"na\xefve.txt\n", false, []string{"na\xefve.txt"}},
		"long":                         {strings.Repeat("a", 100_000) + "\r\nb", false, []string{strings.Repeat("a", 100_000), "b"}},
		"names that begin with a dash": {"-\n-x\n--\n", false, []string{"-", "-x", "--"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			names := textfile.Names(iotest.HalfReader(strings.NewReader(test.list)), test.null)
			var got []string
			for names.Scan() {
				if names.Text() != "" {
					got = append(got, names.Text())
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" || names.Err() != nil {
				t.Errorf("error %v, names (-want +got):\n%s", names.Err(), diff)
			}
		})
	}
}

func TestToken(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"token":                   {"abc", "abc"},
		"line feed":               {"abc\n", "abc"},
		"CR LF":                   {"abc\r\n", "abc"},
		"blank lines":             {"\n\n  abc \n\n", "abc"},
		"mark":                    {"\ufeffabc\r\n", "abc"},
		"UTF-16":                  {utf16Of(little, "\ufeffabc\r\n"), "abc"},
		"UTF-16, high byte first": {utf16Of(big, "\ufeffabc\r\n"), "abc"},
		"Bearer":                  {"Bearer abc\n", "abc"},
		"bearer":                  {"bearer\tabc\n", "abc"},
		"mark and Bearer":         {"\ufeffBearer abc\r\n", "abc"},
		"header field":            {"Authorization: Bearer abc\n", "abc"},
		"a token called Bearer":   {"Bearer\n", "Bearer"},
		"empty":                   {"", ""},
		"blank":                   {" \r\n", ""},
		"mark alone":              {"\ufeff", ""},
		"two words":               {"abc def", ""},
		"two lines":               {"abc\ndef\n", ""},
		"another scheme":          {"Basic abc", ""},
		"three words":             {"Bearer abc def", ""},
		"a control character":     {"a\x01c", ""},
		"a letter beyond ASCII":   {"aé", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, ok := textfile.Token([]byte(test.text)); got != test.want || ok != (test.want != "") {
				t.Errorf("Token(%q) = %q, %v, want %q", test.text, got, ok, test.want)
			}
		})
	}
}
