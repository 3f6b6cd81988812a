package protocol_test

import (
	"reflect"
	"testing"

	"github.com/tusker-go/tusker/protocol"
)

func TestChecksumEncode(t *testing.T) {
	tests := []struct {
		name     string
		checksum protocol.Checksum
		want     string
		problem  string
	}{
		{"zero value", protocol.Checksum{}, "", ""},
		{"empty sum and no algorithm", protocol.Checksum{Sum: []byte{}}, "", ""},
		{"crc32", protocol.Checksum{Algorithm: "crc32", Sum: []byte{0xde, 0xad, 0xbe, 0xef}}, "crc32 3q2+7w==", ""},
		{"punctuation", protocol.Checksum{Algorithm: "sha-512/256", Sum: []byte{0}}, "sha-512/256 AA==", ""},
		{"no sum", protocol.Checksum{Algorithm: "sha1"}, "", `checksum of algorithm "sha1" is empty`},
		{"no algorithm", protocol.Checksum{Sum: []byte{1}}, "", `checksum algorithm "" is empty`},
		{"capital", protocol.Checksum{Algorithm: "shA1", Sum: []byte{1}}, "", `checksum algorithm "shA1" holds a capital`},
		{"space", protocol.Checksum{Algorithm: "sha 1", Sum: []byte{1}}, "", `checksum algorithm "sha 1" holds a space`},
		{"comma", protocol.Checksum{Algorithm: "a,b", Sum: []byte{1}}, "", `checksum algorithm "a,b" holds a comma`},
		{"line break", protocol.Checksum{Algorithm: "a\n", Sum: []byte{1}}, "", `checksum algorithm "a\n" holds a control character`},
		{"beyond ASCII", protocol.Checksum{Algorithm: "ß", Sum: []byte{1}}, "", `checksum algorithm "ß" holds a character outside ASCII`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.checksum.Encode()
			checkError(t, err, protocol.ErrInvalidChecksum, tt.problem)
			if got != tt.want {
				t.Errorf("Encode() = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestChecksumIsZero(t *testing.T) {
	if !(protocol.Checksum{Sum: []byte{}}).IsZero() {
		t.Error("IsZero is false without an algorithm and a sum")
	}
	if (protocol.Checksum{Algorithm: "sha1"}).IsZero() || (protocol.Checksum{Sum: []byte{0}}).IsZero() {
		t.Error("IsZero is true with only an algorithm or a sum")
	}
}

func TestParseChecksum(t *testing.T) {
	tests := []struct {
		name, in string
		want     protocol.Checksum
		problem  string
	}{
		{"empty", "", protocol.Checksum{}, ""},
		{"blank", " ", protocol.Checksum{}, ""},
		{"crc32", "crc32 3q2+7w==", protocol.Checksum{Algorithm: "crc32", Sum: []byte{0xde, 0xad, 0xbe, 0xef}}, ""},
		{"no padding", "crc32 3q2+7w", protocol.Checksum{Algorithm: "crc32", Sum: []byte{0xde, 0xad, 0xbe, 0xef}}, ""},
		{"spaces", " crc32 \t 3q2+7w== ", protocol.Checksum{Algorithm: "crc32", Sum: []byte{0xde, 0xad, 0xbe, 0xef}}, ""},
		{"no sum", "sha1", protocol.Checksum{}, `checksum of algorithm "sha1" is empty`},
		{"not base64", "sha1 !", protocol.Checksum{}, `checksum "!" is not base64`},
		{"line break", "sha1 A\nA==", protocol.Checksum{}, `checksum "A\nA==" is not base64`},
		{"capital", "SHA1 AA==", protocol.Checksum{}, `checksum algorithm "SHA1" holds a capital`},
		{"comma", "a,b AA==", protocol.Checksum{}, `checksum algorithm "a,b" holds a comma`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := protocol.ParseChecksum(tt.in)
			checkError(t, err, protocol.ErrInvalidChecksum, tt.problem)
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("checksum: %+v, want %+v", got, tt.want)
			}
		})
	}
}
