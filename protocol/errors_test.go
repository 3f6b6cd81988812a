package protocol_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/protocol"
)

func TestErrorsAreInvalidHeader(t *testing.T) {
	for _, err := range []error{
		protocol.ErrInvalidMetadata, protocol.ErrInvalidConcat, protocol.ErrInvalidChecksum, protocol.ErrInvalidOffset,
	} {
		if !errors.Is(err, protocol.ErrInvalidHeader) {
			t.Errorf("%v does not wrap ErrInvalidHeader", err)
		}
	}
	if errors.Is(protocol.ErrMissingHeader, protocol.ErrInvalidHeader) {
		t.Error("ErrMissingHeader wraps ErrInvalidHeader, want another error")
	}
}

func TestHeaderError(t *testing.T) {
	_, missing := protocol.ParsePatched(http.Header{})
	_, malformed := protocol.ParsePatched(http.Header{"Upload-Offset": {"abc"}})
	_, long := protocol.ParsePatched(http.Header{"Upload-Offset": {strings.Repeat("x", 101)}})
	_, fits := protocol.ParsePatched(http.Header{"Upload-Offset": {strings.Repeat("x", 100)}})
	unwritable := protocol.Creation{Metadata: protocol.Metadata{"a b": ""}}.SetHeader(http.Header{})

	tests := []struct {
		name string
		err  error
		want string
		is   error
	}{
		{"missing", missing, "header Upload-Offset: missing", protocol.ErrMissingHeader},
		{
			"malformed", malformed,
			`header Upload-Offset: invalid value "abc": it is not a decimal number`,
			protocol.ErrInvalidOffset,
		},
		{
			"value over 100 bytes", long,
			`header Upload-Offset: invalid value "` + strings.Repeat("x", 100) + `"...: it is not a decimal number`,
			protocol.ErrInvalidOffset,
		},
		{
			"value of 100 bytes", fits,
			`header Upload-Offset: invalid value "` + strings.Repeat("x", 100) + `": it is not a decimal number`,
			protocol.ErrInvalidOffset,
		},
		{
			"not to be written", unwritable,
			`header Upload-Metadata: metadata key "a b" holds a space`,
			protocol.ErrInvalidMetadata,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, ok := errors.AsType[*protocol.HeaderError](tt.err)
			if !ok {
				t.Fatalf("error is a %T, want a *HeaderError", tt.err)
			}
			if got := e.Error(); got != tt.want {
				t.Errorf("text\n got %s\nwant %s", got, tt.want)
			}
			if !errors.Is(tt.err, tt.is) {
				t.Errorf("errors.Is(err, %v) is false", tt.is)
			}
		})
	}
}
