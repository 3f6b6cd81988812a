package protocol_test

import (
	"crypto/sha1"
	"net/http"
	"reflect"
	"testing"

	"github.com/tusker-go/tusker/protocol"
)

// The examples of tus 1.0.0, each named by its section. The tests omit parts that this
// package does not handle: the request line, Host, Content-Length and bodies.

func specMetadata() protocol.Metadata {
	return protocol.Metadata{"filename": "world_domination_plan.pdf", "is_confidential": ""}
}

func specChecksum() protocol.Checksum {
	sum := sha1.Sum([]byte("hello world"))
	return protocol.Checksum{Algorithm: "sha1", Sum: sum[:]}
}

func specFinal() protocol.Concat {
	return protocol.Concat{Kind: protocol.ConcatFinal, Parts: []string{"/files/a", "/files/b"}}
}

type setter interface{ SetHeader(h protocol.Header) error }

type versionOnly struct{}

func (versionOnly) SetHeader(h protocol.Header) error {
	protocol.SetVersion(h)
	return nil
}

func TestSpecRequests(t *testing.T) {
	tests := []struct {
		name    string
		request setter
		want    string
	}{
		{"Core Protocol/Example/HEAD request", versionOnly{}, `
			Tus-Resumable: 1.0.0
		`},
		{"Core Protocol/Example/PATCH request", protocol.Patch{Offset: 70}, `
			Content-Type: application/offset+octet-stream
			Upload-Offset: 70
			Tus-Resumable: 1.0.0
		`},
		{"Creation/Example/POST request", protocol.Creation{Length: protocol.Known(100), Metadata: specMetadata()}, `
			Upload-Length: 100
			Tus-Resumable: 1.0.0
			Upload-Metadata: filename d29ybGRfZG9taW5hdGlvbl9wbGFuLnBkZg==,is_confidential
		`},
		{"Creation With Upload/Example/POST request", protocol.Creation{Length: protocol.Known(100), WithBody: true}, `
			Upload-Length: 100
			Tus-Resumable: 1.0.0
			Content-Type: application/offset+octet-stream
		`},
		{"Expiration/Example/PATCH request", protocol.Patch{Offset: 70}, `
			Content-Type: application/offset+octet-stream
			Upload-Offset: 70
			Tus-Resumable: 1.0.0
		`},
		// The example omits Content-Type, which the section on PATCH requires.
		{"Checksum/Example/PATCH request", protocol.Patch{Checksum: specChecksum()}, `
			Content-Type: application/offset+octet-stream
			Upload-Offset: 0
			Tus-Resumable: 1.0.0
			Upload-Checksum: sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=
		`},
		{"Termination/Example/DELETE request", versionOnly{}, `
			Tus-Resumable: 1.0.0
		`},
		// The examples of Concatenation omit Tus-Resumable, as the specification
		// says, and Content-Type.
		{
			"Concatenation/Example/first partial POST request",
			protocol.Creation{Length: protocol.Known(5), Concat: protocol.Concat{Kind: protocol.ConcatPartial}},
			`
			Upload-Concat: partial
			Upload-Length: 5
			Tus-Resumable: 1.0.0
		`,
		},
		{
			"Concatenation/Example/second partial POST request",
			protocol.Creation{Length: protocol.Known(6), Concat: protocol.Concat{Kind: protocol.ConcatPartial}},
			`
			Upload-Concat: partial
			Upload-Length: 6
			Tus-Resumable: 1.0.0
		`,
		},
		{"Concatenation/Example/partial PATCH requests", protocol.Patch{Offset: 0}, `
			Upload-Offset: 0
			Tus-Resumable: 1.0.0
			Content-Type: application/offset+octet-stream
		`},
		{"Concatenation/Example/final POST request", protocol.Creation{Concat: specFinal()}, `
			Upload-Concat: final;/files/a /files/b
			Tus-Resumable: 1.0.0
		`},
		{"Concatenation/Example/final HEAD request", versionOnly{}, `
			Tus-Resumable: 1.0.0
		`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := http.Header{}
			if err := tt.request.SetHeader(got); err != nil {
				t.Fatal(err)
			}
			if want := lines(t, tt.want); !reflect.DeepEqual(got, want) {
				t.Errorf("headers: %+v, want %+v", got, want)
			}
		})
	}
}

func TestSpecResponses(t *testing.T) {
	const url = "https://tus.example.org/files/"
	tests := []struct {
		name   string
		op     protocol.Op
		status int
		parse  func(protocol.Header) (protocol.State, error) // nil: the headers say nothing
		header string
		want   protocol.State
		kind   error
	}{
		{
			"Core Protocol/Example/HEAD response", protocol.OpHead, 200, protocol.ParseHead, `
			Upload-Offset: 70
			Tus-Resumable: 1.0.0
		`, protocol.State{Offset: 70}, nil,
		},
		{
			"Core Protocol/Example/PATCH response", protocol.OpPatch, 204, protocol.ParsePatched, `
			Tus-Resumable: 1.0.0
			Upload-Offset: 100
		`, protocol.State{Offset: 100}, nil,
		},
		{
			"Creation/Example/POST response", protocol.OpCreate, 201, protocol.ParseCreated, `
			Location: https://tus.example.org/files/24e533e02ec3bc40c387f1a0e460e216
			Tus-Resumable: 1.0.0
		`, protocol.State{Location: url + "24e533e02ec3bc40c387f1a0e460e216"}, nil,
		},
		{
			"Creation With Upload/Example/POST response", protocol.OpCreate, 201, protocol.ParseCreated, `
			Location: https://tus.example.org/files/24e533e02ec3bc40c387f1a0e460e216
			Tus-Resumable: 1.0.0
			Upload-Offset: 5
		`, protocol.State{Location: url + "24e533e02ec3bc40c387f1a0e460e216", Offset: 5}, nil,
		},
		{
			"Expiration/Example/PATCH response", protocol.OpPatch, 204, protocol.ParsePatched, `
			Upload-Expires: Wed, 25 Jun 2014 16:00:00 GMT
			Tus-Resumable: 1.0.0
			Upload-Offset: 100
		`, protocol.State{Offset: 100, Expires: expires}, nil,
		},
		{
			"Checksum/Example/PATCH response", protocol.OpPatch, 204, protocol.ParsePatched, `
			Tus-Resumable: 1.0.0
			Upload-Offset: 11
		`, protocol.State{Offset: 11}, nil,
		},
		{
			"Termination/Example/DELETE response", protocol.OpTerminate, 204, nil, `
			Tus-Resumable: 1.0.0
		`, protocol.State{}, nil,
		},
		{
			"Concatenation/Example/first partial POST response", protocol.OpCreate, 201, protocol.ParseCreated, `
			Location: https://tus.example.org/files/a
		`, protocol.State{Location: url + "a"}, nil,
		},
		{
			"Concatenation/Example/second partial POST response", protocol.OpCreate, 201, protocol.ParseCreated, `
			Location: https://tus.example.org/files/b
		`, protocol.State{Location: url + "b"}, nil,
		},
		// The example omits Upload-Offset, which the section on PATCH requires.
		// Without it, the number of stored bytes is unknown.
		{
			"Concatenation/Example/partial PATCH responses", protocol.OpPatch, 204, protocol.ParsePatched,
			``,
			protocol.State{},
			protocol.ErrMissingHeader,
		},
		{
			"Concatenation/Example/final POST response", protocol.OpConcat, 201, protocol.ParseCreated, `
			Location: https://tus.example.org/files/ab
		`, protocol.State{Location: url + "ab"}, nil,
		},
		{
			"Concatenation/Example/final HEAD response", protocol.OpHead, 200, protocol.ParseHead, `
			Upload-Length: 11
			Upload-Concat: final;/files/a /files/b
		`, protocol.State{Length: protocol.Known(11), Concat: specFinal()}, nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := protocol.StatusError(tt.op, tt.status); err != nil {
				t.Errorf("StatusError(%q, %d) = %v", tt.op, tt.status, err)
			}
			if tt.parse == nil {
				return
			}
			got, err := tt.parse(lines(t, tt.header))
			problem := ""
			if tt.kind != nil {
				problem = "header Upload-Offset: missing"
			}
			checkHeaderError(t, err, tt.kind, problem)
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("state: %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestSpecOptions(t *testing.T) {
	tests := []struct {
		name   string
		header string
		want   protocol.Capabilities
	}{
		{
			"Core Protocol/Requests/OPTIONS/Example/response", `
			Tus-Resumable: 1.0.0
			Tus-Version: 1.0.0,0.2.2,0.2.1
			Tus-Max-Size: 1073741824
			Tus-Extension: creation,expiration
		`,
			protocol.Capabilities{
				Versions:   []string{"1.0.0", "0.2.2", "0.2.1"},
				Extensions: []protocol.Extension{protocol.ExtensionCreation, protocol.ExtensionExpiration},
				MaxSize:    protocol.Known(1 << 30),
			},
		},
		{
			"Checksum/Example/OPTIONS response", `
			Tus-Resumable: 1.0.0
			Tus-Version: 1.0.0
			Tus-Extension: checksum
			Tus-Checksum-Algorithm: md5,sha1,crc32
		`,
			protocol.Capabilities{
				Versions:           []string{"1.0.0"},
				Extensions:         []protocol.Extension{protocol.ExtensionChecksum},
				ChecksumAlgorithms: []string{"md5", "sha1", "crc32"},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			header := lines(t, tt.header)
			got, err := protocol.ParseCapabilities(header)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("capabilities: %+v, want %+v", got, tt.want)
			}
			back := http.Header{}
			if err := got.SetHeader(back); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(back, header) {
				t.Errorf("written again: %+v, want %+v", back, header)
			}
		})
	}
}

func TestSpecValues(t *testing.T) {
	t.Run("Creation/Example/Upload-Metadata", func(t *testing.T) {
		got, err := protocol.ParseMetadata("filename d29ybGRfZG9taW5hdGlvbl9wbGFuLnBkZg==,is_confidential")
		if err != nil {
			t.Fatal(err)
		}
		if want := specMetadata(); !reflect.DeepEqual(got, want) {
			t.Errorf("metadata: %q, want %q", got, want)
		}
	})
	t.Run("Checksum/Example/Upload-Checksum", func(t *testing.T) {
		got, err := protocol.ParseChecksum("sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=")
		if err != nil {
			t.Fatal(err)
		}
		if want := specChecksum(); !reflect.DeepEqual(got, want) {
			t.Errorf("checksum: %+v, want %+v", got, want)
		}
	})
	t.Run("Concatenation/Example/Upload-Concat", func(t *testing.T) {
		got, err := protocol.ParseConcat("final;/files/a /files/b")
		if err != nil {
			t.Fatal(err)
		}
		if want := specFinal(); !reflect.DeepEqual(got, want) {
			t.Errorf("concat: %+v, want %+v", got, want)
		}
	})
}
