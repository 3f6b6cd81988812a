package protocol_test

import (
	"net/http"
	"reflect"
	"testing"

	"github.com/tusker-go/tusker/protocol"
)

func TestCreationSetHeader(t *testing.T) {
	final := protocol.Concat{Kind: protocol.ConcatFinal, Parts: []string{"/a", "/b"}}
	tests := []struct {
		name     string
		creation protocol.Creation
		want     string
		kind     error
		problem  string
	}{
		{"zero value", protocol.Creation{}, "Tus-Resumable: 1.0.0\nUpload-Defer-Length: 1", nil, ""},
		{
			"no bytes",
			protocol.Creation{Length: protocol.Known(0)},
			"Tus-Resumable: 1.0.0\nUpload-Length: 0", nil, "",
		},
		{
			"deferred length, first bytes",
			protocol.Creation{WithBody: true},
			"Tus-Resumable: 1.0.0\nUpload-Defer-Length: 1\nContent-Type: application/offset+octet-stream", nil, "",
		},
		{
			"empty metadata",
			protocol.Creation{Length: protocol.Known(1), Metadata: protocol.Metadata{}},
			"Tus-Resumable: 1.0.0\nUpload-Length: 1", nil, "",
		},
		{
			"partial",
			protocol.Creation{
				Length: protocol.Known(1), WithBody: true,
				Concat: protocol.Concat{Kind: protocol.ConcatPartial},
			},
			"Tus-Resumable: 1.0.0\nUpload-Length: 1\nUpload-Concat: partial\nContent-Type: application/offset+octet-stream", nil, "",
		},
		{
			"final",
			protocol.Creation{Concat: final, Metadata: protocol.Metadata{"a": "1"}},
			"Tus-Resumable: 1.0.0\nUpload-Concat: final;/a /b\nUpload-Metadata: a MQ==", nil, "",
		},
		{
			"final with length",
			protocol.Creation{Concat: final, Length: protocol.Known(0)},
			"",
			protocol.ErrInvalidConcat, `header Upload-Length: invalid value "0": a final upload has the length of its parts`,
		},
		{
			"final with body",
			protocol.Creation{Concat: final, WithBody: true},
			"",
			protocol.ErrInvalidConcat,
			`header Content-Type: invalid value "application/offset+octet-stream": a final upload has no body`,
		},
		{
			"bad metadata",
			protocol.Creation{Metadata: protocol.Metadata{"a b": ""}},
			"",
			protocol.ErrInvalidMetadata, `header Upload-Metadata: metadata key "a b" holds a space`,
		},
		{
			"bad part",
			protocol.Creation{Concat: protocol.Concat{Kind: protocol.ConcatFinal}},
			"",
			protocol.ErrInvalidConcat, "header Upload-Concat: final upload without parts",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := http.Header{}
			checkHeaderError(t, tt.creation.SetHeader(got), tt.kind, tt.problem)
			if want := lines(t, tt.want); !reflect.DeepEqual(got, want) {
				t.Errorf("headers: %+v, want %+v", got, want)
			}
		})
	}
}
