package protocol_test

import (
	"net/http"
	"reflect"
	"testing"

	"github.com/tusker-go/tusker/protocol"
)

func TestPatchSetHeader(t *testing.T) {
	const common = "Tus-Resumable: 1.0.0\nContent-Type: application/offset+octet-stream\n"
	tests := []struct {
		name    string
		patch   protocol.Patch
		want    string
		kind    error
		problem string
	}{
		{"zero value", protocol.Patch{}, common + "Upload-Offset: 0", nil, ""},
		{
			"declares the length",
			protocol.Patch{Offset: 70, Length: protocol.Known(100)},
			common + "Upload-Offset: 70\nUpload-Length: 100", nil, "",
		},
		{
			"declares that nothing follows",
			protocol.Patch{Offset: 70, Length: protocol.Known(70)},
			common + "Upload-Offset: 70\nUpload-Length: 70", nil, "",
		},
		{
			"checksum",
			protocol.Patch{Checksum: protocol.Checksum{Algorithm: "crc32", Sum: []byte{0xde, 0xad, 0xbe, 0xef}}},
			common + "Upload-Offset: 0\nUpload-Checksum: crc32 3q2+7w==", nil, "",
		},
		{
			"negative offset",
			protocol.Patch{Offset: -1},
			"",
			protocol.ErrInvalidOffset, `header Upload-Offset: invalid value "-1": it is negative`,
		},
		{
			"beyond the length",
			protocol.Patch{Offset: 71, Length: protocol.Known(70)},
			"",
			protocol.ErrInvalidOffset, `header Upload-Offset: invalid value "71": it is beyond the length 70`,
		},
		{
			"bad checksum",
			protocol.Patch{Checksum: protocol.Checksum{Algorithm: "sha1"}},
			"",
			protocol.ErrInvalidChecksum, `header Upload-Checksum: checksum of algorithm "sha1" is empty`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := http.Header{}
			checkHeaderError(t, tt.patch.SetHeader(got), tt.kind, tt.problem)
			if want := lines(t, tt.want); !reflect.DeepEqual(got, want) {
				t.Errorf("headers: %+v, want %+v", got, want)
			}
		})
	}
}
