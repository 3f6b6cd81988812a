package protocol_test

import (
	"errors"
	"net/http"
	"reflect"
	"testing"

	"github.com/tusker-go/tusker/protocol"
)

func TestCapabilities(t *testing.T) {
	c := protocol.Capabilities{
		Versions:   []string{"1.0.0", "0.2.2"},
		Extensions: []protocol.Extension{protocol.ExtensionCreation, "getting"},
	}
	if !c.Has(protocol.ExtensionCreation) || !c.Has("getting") || c.Has(protocol.ExtensionCreationWithUpload) {
		t.Error("Has does not distinguish named extensions from others")
	}
	if !c.Supports("0.2.2") || c.Supports("0.2") || (protocol.Capabilities{}).Supports("") {
		t.Error("Supports does not distinguish named versions from others")
	}
}

func TestParseCapabilities(t *testing.T) {
	versions := []string{"1.0.0"}
	tests := []struct {
		name, header string
		want         protocol.Capabilities
		kind         error
		problem      string
	}{
		{"version only", "Tus-Version: 1.0.0", protocol.Capabilities{Versions: versions}, nil, ""},
		{
			"spaces after commas", "Tus-Version: 1.0.0, 0.2.2\nTus-Extension: creation, termination",
			protocol.Capabilities{
				Versions:   []string{"1.0.0", "0.2.2"},
				Extensions: []protocol.Extension{protocol.ExtensionCreation, protocol.ExtensionTermination},
			},
			nil, "",
		},
		{
			"capitals", "Tus-Version: 1.0.0\nTus-Extension: Creation\nTus-Checksum-Algorithm: SHA1,MD5",
			protocol.Capabilities{
				Versions:           versions,
				Extensions:         []protocol.Extension{protocol.ExtensionCreation},
				ChecksumAlgorithms: []string{"sha1", "md5"},
			},
			nil, "",
		},
		{
			"empty optional headers", "Tus-Version: 1.0.0\nTus-Extension:\nTus-Max-Size:",
			protocol.Capabilities{Versions: versions},
			nil, "",
		},
		{
			"nothing fits", "Tus-Version: 1.0.0\nTus-Max-Size: 0",
			protocol.Capabilities{Versions: versions, MaxSize: protocol.Known(0)},
			nil, "",
		},
		{
			"no version", "Tus-Extension: creation\nTus-Max-Size: 5",
			protocol.Capabilities{Extensions: []protocol.Extension{protocol.ExtensionCreation}, MaxSize: protocol.Known(5)},
			protocol.ErrMissingHeader, "header Tus-Version: missing",
		},
		{
			"no version in the list", "Tus-Version: ,",
			protocol.Capabilities{},
			protocol.ErrInvalidHeader, `header Tus-Version: invalid value ",": it names no version`,
		},
		{
			"maximum negative", "Tus-Version: 1.0.0\nTus-Max-Size: -1",
			protocol.Capabilities{Versions: versions},
			protocol.ErrInvalidHeader, `header Tus-Max-Size: invalid value "-1": it is not a decimal number`,
		},
		{
			"maximum too large", "Tus-Version: 1.0.0\nTus-Max-Size: 18446744073709551615",
			protocol.Capabilities{Versions: versions},
			protocol.ErrInvalidHeader, `header Tus-Max-Size: invalid value "18446744073709551615": it is too large`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := protocol.ParseCapabilities(lines(t, tt.header))
			checkHeaderError(t, err, tt.kind, tt.problem)
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("capabilities: %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestCapabilitiesSetHeader(t *testing.T) {
	versions := []string{"1.0.0"}
	tests := []struct {
		name         string
		capabilities protocol.Capabilities
		want         string
		kind         error
		problem      string
	}{
		{"version only", protocol.Capabilities{Versions: versions}, "Tus-Resumable: 1.0.0\nTus-Version: 1.0.0", nil, ""},
		{
			"everything",
			protocol.Capabilities{
				Versions:           []string{"1.0.0", "0.2.2"},
				Extensions:         []protocol.Extension{protocol.ExtensionCreation, protocol.ExtensionChecksum},
				ChecksumAlgorithms: []string{"sha1", "md5"},
				MaxSize:            protocol.Known(0),
			},
			`
				Tus-Resumable: 1.0.0
				Tus-Version: 1.0.0,0.2.2
				Tus-Extension: creation,checksum
				Tus-Checksum-Algorithm: sha1,md5
				Tus-Max-Size: 0
			`, nil, "",
		},
		{"no version", protocol.Capabilities{}, "", protocol.ErrMissingHeader, "header Tus-Version: missing"},
		{
			"version",
			protocol.Capabilities{Versions: []string{"1 0"}},
			"",
			protocol.ErrInvalidHeader, `header Tus-Version: element 1 "1 0" holds a space`,
		},
		{
			"extension",
			protocol.Capabilities{Versions: versions, Extensions: []protocol.Extension{""}},
			"",
			protocol.ErrInvalidHeader, `header Tus-Extension: element 1 "" is empty`,
		},
		{
			"algorithm",
			protocol.Capabilities{Versions: versions, ChecksumAlgorithms: []string{"a,b"}},
			"",
			protocol.ErrInvalidChecksum, `header Tus-Checksum-Algorithm: checksum algorithm "a,b" holds a comma`,
		},
		{
			"capital in algorithm",
			protocol.Capabilities{Versions: versions, ChecksumAlgorithms: []string{"SHA1"}},
			"",
			protocol.ErrInvalidChecksum, `header Tus-Checksum-Algorithm: checksum algorithm "SHA1" holds a capital`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := http.Header{}
			err := tt.capabilities.SetHeader(got)
			checkHeaderError(t, err, tt.kind, tt.problem)
			if want := lines(t, tt.want); !reflect.DeepEqual(got, want) {
				t.Errorf("headers: %+v, want %+v", got, want)
			}
			if tt.problem != "" {
				return
			}
			back, err := protocol.ParseCapabilities(got)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(back, tt.capabilities) {
				t.Errorf("parsed again: %+v, want %+v", back, tt.capabilities)
			}
		})
	}
}

// checkHeaderError is checkError for an error that must be a *HeaderError.
func checkHeaderError(t *testing.T, err, kind error, text string) {
	t.Helper()
	checkError(t, err, kind, text)
	if err == nil {
		return
	}
	if _, ok := errors.AsType[*protocol.HeaderError](err); !ok {
		t.Errorf("error is a %T, want a *HeaderError", err)
	}
}
