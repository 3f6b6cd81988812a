package protocol_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/protocol"
)

// lines returns a header of lines in the form "Name: value".
func lines(tb testing.TB, text string) http.Header {
	tb.Helper()
	h := http.Header{}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) == "" {
			continue
		}
		name, value, ok := strings.Cut(strings.TrimLeft(line, "\t"), ":")
		if !ok {
			tb.Fatalf("not a header line: %q", line)
		}
		h.Add(name, strings.TrimPrefix(value, " "))
	}
	return h
}

// single is a Header with one value for each field, without the method Values.
type single map[string]string

func (s single) Get(key string) string { return s[key] }
func (s single) Set(key, value string) { s[key] = value }

func TestSetVersion(t *testing.T) {
	h := http.Header{"Tus-Resumable": {"0.2.2", "0.1"}}
	protocol.SetVersion(h)
	want := http.Header{"Tus-Resumable": {"1.0.0"}}
	if !reflect.DeepEqual(h, want) {
		t.Errorf("headers: %+v, want %+v", h, want)
	}
}

func TestHeaderNamesAreCanonical(t *testing.T) {
	for _, name := range []string{
		protocol.HeaderResumable, protocol.HeaderVersion, protocol.HeaderExtension, protocol.HeaderMaxSize,
		protocol.HeaderChecksumAlgorithm, protocol.HeaderUploadOffset, protocol.HeaderUploadLength,
		protocol.HeaderUploadDeferLength, protocol.HeaderUploadMetadata, protocol.HeaderUploadConcat,
		protocol.HeaderUploadChecksum, protocol.HeaderUploadExpires, protocol.HeaderLocation, protocol.HeaderContentType,
	} {
		if got := http.CanonicalHeaderKey(name); got != name {
			t.Errorf("%q is not canonical, want %q", name, got)
		}
	}
}

func TestListHeaderOnSeveralLines(t *testing.T) {
	t.Run("with Values", func(t *testing.T) {
		h := lines(t, `
			Tus-Version: 1.0.0
			Tus-Version: 0.2.2
			Tus-Extension: creation, expiration
			Tus-Extension: checksum
			Tus-Checksum-Algorithm: sha1
			Tus-Checksum-Algorithm: md5
		`)
		got, err := protocol.ParseCapabilities(h)
		if err != nil {
			t.Fatal(err)
		}
		want := protocol.Capabilities{
			Versions:           []string{"1.0.0", "0.2.2"},
			Extensions:         []protocol.Extension{"creation", "expiration", "checksum"},
			ChecksumAlgorithms: []string{"sha1", "md5"},
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("capabilities: %+v, want %+v", got, want)
		}
	})
	t.Run("metadata", func(t *testing.T) {
		h := lines(t, `
			Upload-Offset: 0
			Upload-Metadata: a MQ==
			Upload-Metadata: b Mg==
		`)
		got, err := protocol.ParseHead(h)
		if err != nil {
			t.Fatal(err)
		}
		want := protocol.Metadata{"a": "1", "b": "2"}
		if !reflect.DeepEqual(got.Metadata, want) {
			t.Errorf("metadata: %q, want %q", got.Metadata, want)
		}
	})
	t.Run("without Values", func(t *testing.T) {
		got, err := protocol.ParseCapabilities(single{"Tus-Version": "1.0.0,0.2.2"})
		if err != nil {
			t.Fatal(err)
		}
		want := protocol.Capabilities{Versions: []string{"1.0.0", "0.2.2"}}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("capabilities: %+v, want %+v", got, want)
		}
	})
}
