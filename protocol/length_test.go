package protocol_test

import (
	"encoding/json"
	"errors"
	"math"
	"testing"

	"github.com/tusker-go/tusker/protocol"
)

func TestLength(t *testing.T) {
	tests := []struct {
		name   string
		length protocol.Length
		n      int64
		known  bool
		text   string
	}{
		{"zero value", protocol.Length{}, 0, false, "unknown"},
		{"no bytes", protocol.Known(0), 0, true, "0"},
		{"some bytes", protocol.Known(100), 100, true, "100"},
		{"most bytes", protocol.Known(math.MaxInt64), math.MaxInt64, true, "9223372036854775807"},
		{"negative", protocol.Known(-1), 0, false, "unknown"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if n, known := tt.length.Int64(); n != tt.n || known != tt.known {
				t.Errorf("Int64() = %d, %t, want %d, %t", n, known, tt.n, tt.known)
			}
			if got := tt.length.String(); got != tt.text {
				t.Errorf("String() = %q, want %q", got, tt.text)
			}
		})
	}
}

func TestLengthEqual(t *testing.T) {
	if (protocol.Length{}).Equal(protocol.Known(0)) {
		t.Error("an unknown length equals 0")
	}
	if !protocol.Known(5).Equal(protocol.Known(5)) {
		t.Error("5 does not equal 5")
	}
}

func TestParseLengthAndOffset(t *testing.T) {
	tests := []struct {
		name, in string
		want     int64
		problem  string // "" where the value is valid
	}{
		{"zero", "0", 0, ""},
		{"number", "70", 70, ""},
		{"leading zeros", "007", 7, ""},
		{"largest", "9223372036854775807", math.MaxInt64, ""},
		{"spaces around", " \t70\t ", 70, ""},
		{"one too many", "9223372036854775808", 0, `"9223372036854775808" is too large`},
		{"far too large", "99999999999999999999", 0, `"99999999999999999999" is too large`},
		{"empty", "", 0, `"" is not a decimal number`},
		{"negative", "-1", 0, `"-1" is not a decimal number`},
		{"negative zero", "-0", 0, `"-0" is not a decimal number`},
		{"plus", "+1", 0, `"+1" is not a decimal number`},
		{"hexadecimal", "0x10", 0, `"0x10" is not a decimal number`},
		{"hexadecimal digits", "ff", 0, `"ff" is not a decimal number`},
		{"underscore", "1_000", 0, `"1_000" is not a decimal number`},
		{"fraction", "1.0", 0, `"1.0" is not a decimal number`},
		{"exponent", "1e3", 0, `"1e3" is not a decimal number`},
		{"space inside", "1 0", 0, `"1 0" is not a decimal number`},
		{"two values", "5, 5", 0, `"5, 5" is not a decimal number`},
		{"line break", "5\n", 0, `"5\n" is not a decimal number`},
		{"other digits", "٣", 0, `"٣" is not a decimal number`},
		{"words", "abc", 0, `"abc" is not a decimal number`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			length, err := protocol.ParseLength(tt.in)
			checkError(t, err, protocol.ErrInvalidHeader, prefixed("length ", tt.problem))
			wantLength := protocol.Known(tt.want)
			if tt.problem != "" {
				wantLength = protocol.Length{}
			}
			if length != wantLength {
				t.Errorf("ParseLength(%q) = %v, want %v", tt.in, length, wantLength)
			}

			offset, err := protocol.ParseOffset(tt.in)
			checkError(t, err, protocol.ErrInvalidOffset, prefixed("offset ", tt.problem))
			if offset != tt.want {
				t.Errorf("ParseOffset(%q) = %d, want %d", tt.in, offset, tt.want)
			}
		})
	}
}

func TestParseDeferLength(t *testing.T) {
	for _, in := range []string{"1", " 1\t"} {
		if err := protocol.ParseDeferLength(in); err != nil {
			t.Errorf("ParseDeferLength(%q) = %v, want nil", in, err)
		}
	}
	for _, in := range []string{"", "0", "2", "01", "true", "1,1"} {
		checkError(t, protocol.ParseDeferLength(in), protocol.ErrInvalidHeader, `deferred length "`+in+`" is not 1`)
	}
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// checkError checks that err is of a kind and has a text. If text is "", err must be nil.
func checkError(t *testing.T, err, kind error, text string) {
	t.Helper()
	switch {
	case text == "":
		if err != nil {
			t.Errorf("error %v, want none", err)
		}
	case err == nil:
		t.Errorf("no error, want %q", text)
	default:
		if !errors.Is(err, kind) {
			t.Errorf("error %q is not %q", err, kind)
		}
		if err.Error() != text {
			t.Errorf("error\n got %s\nwant %s", err, text)
		}
	}
}

func TestLengthAsJSON(t *testing.T) {
	type record struct {
		Length protocol.Length `json:"length,omitzero"`
	}
	for text, want := range map[string]protocol.Length{
		`{}`: {}, `{"length":0}`: protocol.Known(0), `{"length":9223372036854775807}`: protocol.Known(math.MaxInt64),
	} {
		var got record
		if err := json.Unmarshal([]byte(text), &got); err != nil || got.Length != want {
			t.Errorf("%s: %v, error %v, want %v and no error", text, got.Length, err, want)
		}
		if b, err := json.Marshal(got); err != nil || string(b) != text {
			t.Errorf("%s is encoded as %s, error %v, want %q and no error", text, b, err, text)
		}
	}
	for _, text := range []string{`-1`, `1.5`, `1e3`, `9223372036854775808`, `"5"`, `true`, `{}`, `[5]`} {
		l := protocol.Known(7)
		if err := json.Unmarshal([]byte(text), &l); !errors.Is(err, protocol.ErrInvalidHeader) || l != protocol.Known(7) {
			t.Errorf("%s: %v, error %v, want %v and ErrInvalidHeader", text, l, err, protocol.Known(7))
		}
	}
	l := protocol.Known(7)
	if err := json.Unmarshal([]byte("null"), &l); err != nil || l != (protocol.Length{}) {
		t.Errorf("null: %v, error %v, want %v and no error", l, err, protocol.Length{})
	}
	if b, err := json.Marshal(protocol.Length{}); err != nil || string(b) != "null" {
		t.Errorf("the unknown length is encoded as %s, error %v, want %q and no error", b, err, "null")
	}
}
