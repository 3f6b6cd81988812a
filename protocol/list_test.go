package protocol_test

import (
	"reflect"
	"testing"

	"github.com/tusker-go/tusker/protocol"
)

func TestParseList(t *testing.T) {
	tests := []struct {
		name, in string
		want     []string
	}{
		{"empty", "", nil},
		{"only commas and spaces", " ,\t,", nil},
		{"one", "1.0.0", []string{"1.0.0"}},
		{"several, in order", "1.0.0,0.2.2,0.2.1", []string{"1.0.0", "0.2.2", "0.2.1"}},
		{"spaces", " creation , expiration\t,\tchecksum ", []string{"creation", "expiration", "checksum"}},
		{"empty elements", ",a,,b,", []string{"a", "b"}},
		{"repeated", "a,a", []string{"a", "a"}},
		{"no names", "a b,c\x00,dé,e", []string{"e"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := protocol.ParseList(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("list: %q, want %q", got, tt.want)
			}
		})
	}
}

func TestFormatList(t *testing.T) {
	tests := []struct {
		name    string
		list    []protocol.Extension
		want    string
		problem string
	}{
		{"nil", nil, "", ""},
		{"one", []protocol.Extension{protocol.ExtensionCreation}, "creation", ""},
		{"several", []protocol.Extension{"b", "a"}, "b,a", ""},
		{"empty element", []protocol.Extension{"a", ""}, "", `element 2 "" is empty`},
		{"comma", []protocol.Extension{"a,b"}, "", `element 1 "a,b" holds a comma`},
		{"space", []protocol.Extension{"a b"}, "", `element 1 "a b" holds a space`},
		{"line break", []protocol.Extension{"a\n"}, "", `element 1 "a\n" holds a control character`},
		{"beyond ASCII", []protocol.Extension{"é"}, "", `element 1 "é" holds a character outside ASCII`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := protocol.FormatList(tt.list)
			checkError(t, err, protocol.ErrInvalidHeader, tt.problem)
			if got != tt.want {
				t.Errorf("FormatList = %q, want %q", got, tt.want)
			}
		})
	}
}
