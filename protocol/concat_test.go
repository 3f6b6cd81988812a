package protocol_test

import (
	"reflect"
	"testing"

	"github.com/tusker-go/tusker/protocol"
)

func TestConcatKindString(t *testing.T) {
	for kind, want := range map[protocol.ConcatKind]string{
		protocol.ConcatNone:    "none",
		protocol.ConcatPartial: "partial",
		protocol.ConcatFinal:   "final",
		3:                      "invalid",
	} {
		if got := kind.String(); got != want {
			t.Errorf("ConcatKind(%d).String() = %q, want %q", uint8(kind), got, want)
		}
	}
}

func TestConcatEncode(t *testing.T) {
	final := func(parts ...string) protocol.Concat {
		return protocol.Concat{Kind: protocol.ConcatFinal, Parts: parts}
	}
	tests := []struct {
		name    string
		concat  protocol.Concat
		want    string
		problem string
	}{
		{"zero value", protocol.Concat{}, "", ""},
		{"partial", protocol.Concat{Kind: protocol.ConcatPartial}, "partial", ""},
		{"final", final("/files/a", "/files/b"), "final;/files/a /files/b", ""},
		{"final of one", final("https://tus.example.org/a"), "final;https://tus.example.org/a", ""},
		{"same part twice", final("/a", "/a"), "final;/a /a", ""},
		{"URLs are not touched", final("/a+b?x=1,2;3", "/%2F", "/ä"), "final;/a+b?x=1,2;3 /%2F /ä", ""},
		{"final without parts", final(), "", "final upload without parts"},
		{"empty part", final("/a", ""), "", `part 2 "" is empty`},
		{"space", final("/a b"), "", `part 1 "/a b" holds a space`},
		{"tab", final("/a\tb"), "", `part 1 "/a\tb" holds a control character`},
		{"line break", final("/a", "/b\r\nX-Evil: 1"), "", `part 2 "/b\r\nX-Evil: 1" holds a space`},
		{"control character", final("/a\x00"), "", `part 1 "/a\x00" holds a control character`},
		{"ordinary with parts", protocol.Concat{Parts: []string{"/a"}}, "", "upload of kind none with parts"},
		{
			"partial with parts",
			protocol.Concat{Kind: protocol.ConcatPartial, Parts: []string{"/a"}},
			"",
			"upload of kind partial with parts",
		},
		{"unknown kind", protocol.Concat{Kind: 3}, "", "unknown kind of upload 3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.concat.Encode()
			checkError(t, err, protocol.ErrInvalidConcat, tt.problem)
			if got != tt.want {
				t.Errorf("Encode() = %q, want %q", got, tt.want)
			}
			if tt.problem != "" {
				return
			}
			back, err := protocol.ParseConcat(got)
			if err != nil {
				t.Fatalf("ParseConcat: %v", err)
			}
			if !reflect.DeepEqual(back, tt.concat) {
				t.Errorf("parsed again: %+v, want %+v", back, tt.concat)
			}
		})
	}
}

func TestParseConcat(t *testing.T) {
	final := func(parts ...string) protocol.Concat {
		return protocol.Concat{Kind: protocol.ConcatFinal, Parts: parts}
	}
	partial := protocol.Concat{Kind: protocol.ConcatPartial}
	tests := []struct {
		name, in string
		want     protocol.Concat
		problem  string
	}{
		{"empty", "", protocol.Concat{}, ""},
		{"blank", " \t", protocol.Concat{}, ""},
		{"partial", "partial", partial, ""},
		{"partial in capitals, spaces around", " Partial\t", partial, ""},
		{"space after the semicolon", "final; /a /b", final("/a", "/b"), ""},
		{"space before the semicolon", "final ;/a /b", final("/a", "/b"), ""},
		{"several spaces", "final;/a   /b\t/c ", final("/a", "/b", "/c"), ""},
		{"capitals", "FINAL;/A", final("/A"), ""},
		{"semicolon in a URL", "final;/a;v=1 /b", final("/a;v=1", "/b"), ""},
		{"partial with parts", "partial;/a", partial, "partial upload with parts"},
		{"final alone", "final", final(), "final upload without parts"},
		{"final without parts", "final; ", final(), "final upload without parts"},
		{"another word", "whole;/a", protocol.Concat{}, `"whole" is neither partial nor final`},
		{"only a semicolon", ";", protocol.Concat{}, `"" is neither partial nor final`},
		{"longer word", "finally;/a", protocol.Concat{}, `"finally" is neither partial nor final`},
		{"no semicolon", "final /a /b", protocol.Concat{}, `"final /a /b" is neither partial nor final`},
		{
			"control characters", "final;/a \x01 /b \x02", final("/a", "/b"),
			`part 2 "\x01" holds a control character; part 4 "\x02" holds a control character`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := protocol.ParseConcat(tt.in)
			checkError(t, err, protocol.ErrInvalidConcat, tt.problem)
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("concat: %+v, want %+v", got, tt.want)
			}
		})
	}
}
