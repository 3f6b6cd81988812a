package protocol_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/protocol"
)

func TestMetadataEncode(t *testing.T) {
	tests := []struct {
		name     string
		metadata protocol.Metadata
		want     string
		problem  string
	}{
		{"nil", nil, "", ""},
		{"empty", protocol.Metadata{}, "", ""},
		{"one pair", protocol.Metadata{"filename": "a.txt"}, "filename YS50eHQ=", ""},
		{"no value", protocol.Metadata{"is_confidential": ""}, "is_confidential", ""},
		{"sorted by key", protocol.Metadata{"b": "2", "a": "1", "c": "", "B": "0"}, "B MA==,a MQ==,b Mg==,c", ""},
		{"any bytes", protocol.Metadata{"k": "\x00\xff\r\n"}, "k AP8NCg==", ""},
		{"beyond ASCII in the value", protocol.Metadata{"k": "größe"}, "k Z3LDtsOfZQ==", ""},
		{"all of visible ASCII in keys", protocol.Metadata{`!"#$%&'()*+-./:;<=>?@[\]^_{|}~`: ""}, `!"#$%&'()*+-./:;<=>?@[\]^_{|}~`, ""},
		{"empty key", protocol.Metadata{"": "x"}, "", `metadata key "" is empty`},
		{"space", protocol.Metadata{"a b": ""}, "", `metadata key "a b" holds a space`},
		{"comma", protocol.Metadata{"a,b": ""}, "", `metadata key "a,b" holds a comma`},
		{"tab", protocol.Metadata{"a\tb": ""}, "", `metadata key "a\tb" holds a control character`},
		{"line break", protocol.Metadata{"a\r\nX-Evil: 1": ""}, "", `metadata key "a\r\nX-Evil: 1" holds a control character`},
		{"delete", protocol.Metadata{"\x7f": ""}, "", `metadata key "\x7f" holds a control character`},
		{"beyond ASCII", protocol.Metadata{"größe": ""}, "", `metadata key "größe" holds a character outside ASCII`},
		{
			"several",
			protocol.Metadata{"good": "", "b ": "", "a ": ""},
			"",
			`metadata key "a " holds a space; metadata key "b " holds a space`,
		},
		{
			"more than are shown",
			protocol.Metadata{"a ": "", "b ": "", "c ": "", "d ": "", "e ": ""},
			"",
			`metadata key "a " holds a space; metadata key "b " holds a space; metadata key "c " holds a space; and 2 more`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.metadata.Encode()
			checkError(t, err, protocol.ErrInvalidMetadata, tt.problem)
			if got != tt.want {
				t.Errorf("Encode() = %q, want %q", got, tt.want)
			}
			checkError(t, tt.metadata.Validate(), protocol.ErrInvalidMetadata, tt.problem)
			if tt.problem != "" {
				return
			}
			back, err := protocol.ParseMetadata(got)
			if err != nil {
				t.Fatalf("ParseMetadata: %v", err)
			}
			if len(tt.metadata) == 0 && back == nil {
				return
			}
			if !reflect.DeepEqual(back, tt.metadata) {
				t.Errorf("parsed again: %q, want %q", back, tt.metadata)
			}
		})
	}
}

func TestParseMetadata(t *testing.T) {
	type md = protocol.Metadata
	tests := []struct {
		name, in string
		want     protocol.Metadata
		problem  string
	}{
		{"empty", "", nil, ""},
		{"blank", " \t", nil, ""},
		{"only commas", " , ,,", nil, ""},
		{"spaces after commas", "a MQ==, b Mg==,\tc", md{"a": "1", "b": "2", "c": ""}, ""},
		{"spaces before commas", "a MQ== ,b ,c\t,d", md{"a": "1", "b": "", "c": "", "d": ""}, ""},
		{"spaces around", "  a MQ==  ", md{"a": "1"}, ""},
		{"several spaces between", "a   MQ==,b\tMg==,c \t Mw==", md{"a": "1", "b": "2", "c": "3"}, ""},
		{"key without value", "requiresignedurls", md{"requiresignedurls": ""}, ""},
		{"key and space", "requiresignedurls ", md{"requiresignedurls": ""}, ""},
		{"empty pairs", ",a MQ==,,b,", md{"a": "1", "b": ""}, ""},
		{"no padding", "a MQ,b MTI,c MTIz", md{"a": "1", "b": "12", "c": "123"}, ""},
		{"bits left over", "a MR==", md{"a": "1"}, ""},
		{"both special characters", "a +/+/", md{"a": "\xfb\xff\xbf"}, ""},
		{"keys differ in case", "a MQ==,A Mg==", md{"a": "1", "A": "2"}, ""},
		{"URL alphabet", "a -_-_", nil, `metadata key "a" has a value that is not base64`},
		{"not base64", "good MQ==,bad !!!,fine", md{"good": "1", "fine": ""}, `metadata key "bad" has a value that is not base64`},
		{"wrong padding", "a MQ=", nil, `metadata key "a" has a value that is not base64`},
		{"impossible size", "a MTIzM", nil, `metadata key "a" has a value that is not base64`},
		{"line break in the value", "a M\nQ==", nil, `metadata key "a" has a value that is not base64`},
		{"three words", "a MQ== Mg==", nil, `metadata key "a" has a value that is not base64`},
		{"twice", "a MQ==,a Mg==,b", md{"a": "1", "b": ""}, `metadata key "a" occurs twice`},
		{"twice without value", "a,a", md{"a": ""}, `metadata key "a" occurs twice`},
		{"control character in key", "a\x00 MQ==,b", md{"b": ""}, `metadata key "a\x00" holds a control character`},
		{"key beyond ASCII", "größe MQ==,b", md{"b": ""}, `metadata key "größe" holds a character outside ASCII`},
		{
			"several problems", "a !,b,b,ü MQ==",
			md{"b": ""},
			`metadata key "a" has a value that is not base64; metadata key "b" occurs twice; ` +
				`metadata key "ü" holds a character outside ASCII`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := protocol.ParseMetadata(tt.in)
			checkError(t, err, protocol.ErrInvalidMetadata, tt.problem)
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("metadata: %q, want %q", got, tt.want)
			}
		})
	}
}

func TestParseMetadataErrorStaysShort(t *testing.T) {
	_, err := protocol.ParseMetadata(strings.Repeat("é,", 10_000) + strings.Repeat("é", 10_000))
	if !errors.Is(err, protocol.ErrInvalidMetadata) || !errors.Is(err, protocol.ErrInvalidHeader) {
		t.Errorf("error %v is not ErrInvalidMetadata and ErrInvalidHeader", err)
	}
	if n := len(err.Error()); n > 1000 {
		t.Errorf("error text has %d bytes, want at most 1000", n)
	}
	if _, err = protocol.ParseMetadata(strings.Repeat("é", 10_000)); len(err.Error()) > 1000 {
		t.Errorf("error text has %d bytes for one long key, want at most 1000", len(err.Error()))
	}
}
