package protocol_test

import (
	"errors"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/tusker-go/tusker/protocol"
)

var expires = time.Date(2014, time.June, 25, 16, 0, 0, 0, time.UTC)

// stateCase is an answer and the State that it parses to. Warnings are compared by their
// texts.
type stateCase struct {
	name, header string
	want         protocol.State
	warnings     []string
	kind         error
	problem      string
}

func runStateCases(t *testing.T, parse func(protocol.Header) (protocol.State, error), tests []stateCase) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parse(lines(t, tt.header))
			checkHeaderError(t, err, tt.kind, tt.problem)
			var warnings []string
			for _, w := range got.Warnings {
				if !errors.Is(w, protocol.ErrInvalidHeader) {
					t.Errorf("warning %q does not wrap ErrInvalidHeader", w)
				}
				warnings = append(warnings, w.Error())
			}
			if !reflect.DeepEqual(warnings, tt.warnings) {
				t.Errorf("warnings: %q, want %q", warnings, tt.warnings)
			}
			got.Warnings = nil
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("state: %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestParseCreated(t *testing.T) {
	runStateCases(t, protocol.ParseCreated, []stateCase{
		{name: "relative location", header: "Location: ../files/a+b?x=%2F", want: protocol.State{Location: "../files/a+b?x=%2F"}},
		{
			name: "first bytes accepted, expires", header: "Location: /a\nUpload-Offset: 5\nUpload-Expires: 1403712000",
			want: protocol.State{Location: "/a", Offset: 5, Expires: expires},
		},
		{
			name: "malformed expiry", header: "Location: /a\nUpload-Expires: soon",
			want:     protocol.State{Location: "/a"},
			warnings: []string{`header Upload-Expires: invalid value "soon": it is no date`},
		},
		{
			name: "no location", header: "Upload-Offset: 5", want: protocol.State{Offset: 5},
			kind: protocol.ErrMissingHeader, problem: "header Location: missing",
		},
		{
			name: "blank location", header: "Location:  \t",
			kind: protocol.ErrMissingHeader, problem: "header Location: missing",
		},
		{
			name: "control character in location", header: "Location: /a\x00b",
			kind: protocol.ErrInvalidHeader, problem: `header Location: invalid value "/a\x00b": it holds a control character`,
		},
		{
			name: "malformed offset does not lose the location", header: "Location: /a\nUpload-Offset: five",
			want: protocol.State{Location: "/a"},
			kind: protocol.ErrInvalidOffset, problem: `header Upload-Offset: invalid value "five": it is not a decimal number`,
		},
	})
}

func TestParseHead(t *testing.T) {
	runStateCases(t, protocol.ParseHead, []stateCase{
		{name: "no length", header: "Upload-Offset: 70", want: protocol.State{Offset: 70}},
		{name: "complete", header: "Upload-Offset: 0\nUpload-Length: 0", want: protocol.State{Length: protocol.Known(0)}},
		{name: "deferred length", header: "Upload-Offset: 70\nUpload-Defer-Length: 1", want: protocol.State{Offset: 70}},
		{
			name: "length counts before deferred length", header: "Upload-Offset: 70\nUpload-Defer-Length: 1\nUpload-Length: 70",
			want: protocol.State{Offset: 70, Length: protocol.Known(70)},
		},
		{
			name: "everything",
			header: `
				Upload-Offset: 70
				Upload-Length: 100
				Upload-Metadata: filename YS50eHQ=, is_confidential
				Upload-Concat: partial
				Upload-Expires: Wed, 25 Jun 2014 16:00:00 GMT
			`,
			want: protocol.State{
				Offset: 70, Length: protocol.Known(100), Expires: expires,
				Metadata: protocol.Metadata{"filename": "a.txt", "is_confidential": ""},
				Concat:   protocol.Concat{Kind: protocol.ConcatPartial},
			},
		},
		{
			name: "optional headers malformed",
			header: `
				Upload-Offset: 70
				Upload-Metadata: a MQ==,b !
				Upload-Concat: final
				Upload-Expires: never
				Upload-Defer-Length: 2
			`,
			want: protocol.State{
				Offset: 70, Metadata: protocol.Metadata{"a": "1"}, Concat: protocol.Concat{Kind: protocol.ConcatFinal},
			},
			warnings: []string{
				`header Upload-Expires: invalid value "never": it is no date`,
				`header Upload-Metadata: invalid value "a MQ==,b !": metadata key "b" has a value that is not base64`,
				`header Upload-Concat: invalid value "final": final upload without parts`,
				`header Upload-Defer-Length: invalid value "2": it is not 1`,
			},
		},
		{
			name: "final without offset, its length not known", header: "Upload-Concat: final; /a /b",
			want: protocol.State{Concat: protocol.Concat{Kind: protocol.ConcatFinal, Parts: []string{"/a", "/b"}}},
		},
		{
			name: "final with offset", header: "Upload-Concat: final;/a\nUpload-Offset: 11\nUpload-Length: 11",
			want: protocol.State{
				Offset: 11, Length: protocol.Known(11),
				Concat: protocol.Concat{Kind: protocol.ConcatFinal, Parts: []string{"/a"}},
			},
		},
		{
			name: "final with malformed offset", header: "Upload-Concat: final;/a\nUpload-Offset: ?",
			want: protocol.State{Concat: protocol.Concat{Kind: protocol.ConcatFinal, Parts: []string{"/a"}}},
			kind: protocol.ErrInvalidOffset, problem: `header Upload-Offset: invalid value "?": it is not a decimal number`,
		},
		{
			name: "no offset", header: "Upload-Length: 100", want: protocol.State{Length: protocol.Known(100)},
			kind: protocol.ErrMissingHeader, problem: "header Upload-Offset: missing",
		},
		{
			name: "partial without offset", header: "Upload-Concat: partial",
			want: protocol.State{Concat: protocol.Concat{Kind: protocol.ConcatPartial}},
			kind: protocol.ErrMissingHeader, problem: "header Upload-Offset: missing",
		},
		{
			name: "negative offset", header: "Upload-Offset: -1\nUpload-Length: 100",
			want: protocol.State{Length: protocol.Known(100)},
			kind: protocol.ErrInvalidOffset, problem: `header Upload-Offset: invalid value "-1": it is not a decimal number`,
		},
		{
			name: "malformed length", header: "Upload-Offset: 70\nUpload-Length: many",
			want: protocol.State{Offset: 70},
			kind: protocol.ErrInvalidHeader, problem: `header Upload-Length: invalid value "many": it is not a decimal number`,
		},
		{
			name: "two lengths", header: "Upload-Offset: 70\nUpload-Length: 100\nUpload-Length: 5",
			want: protocol.State{Offset: 70},
			kind: protocol.ErrInvalidHeader, problem: `header Upload-Length: invalid value "100,5": it has several values`,
		},
		{
			name: "offset beyond length", header: "Upload-Offset: 101\nUpload-Length: 100",
			want: protocol.State{Offset: 101, Length: protocol.Known(100)},
			kind: protocol.ErrInvalidOffset, problem: `header Upload-Offset: invalid value "101": it is beyond the length 100`,
		},
	})
}

func TestParsePatched(t *testing.T) {
	runStateCases(t, protocol.ParsePatched, []stateCase{
		{name: "offset", header: "Upload-Offset: 100", want: protocol.State{Offset: 100}},
		{
			name: "Unix expiry", header: "Upload-Offset: 100\nUpload-Expires: 1403712000",
			want: protocol.State{Offset: 100, Expires: expires},
		},
		{
			name: "malformed expiry", header: "Upload-Offset: 100\nUpload-Expires: -1",
			want:     protocol.State{Offset: 100},
			warnings: []string{`header Upload-Expires: invalid value "-1": it is no date`},
		},
		{name: "no offset", kind: protocol.ErrMissingHeader, problem: "header Upload-Offset: missing"},
		{name: "the same offset twice", header: "Upload-Offset: 100\nUpload-Offset: 100", want: protocol.State{Offset: 100}},
		{
			name: "two offsets", header: "Upload-Offset: 7\nUpload-Offset: 100",
			kind: protocol.ErrInvalidOffset, problem: `header Upload-Offset: invalid value "7,100": it has several values`,
		},
		{
			name: "malformed offset", header: "Upload-Offset: 0x64",
			kind: protocol.ErrInvalidOffset, problem: `header Upload-Offset: invalid value "0x64": it is not a decimal number`,
		},
	})
}

func TestStateComplete(t *testing.T) {
	tests := []struct {
		name  string
		state protocol.State
		want  bool
	}{
		{"zero value", protocol.State{}, false},
		{"no bytes", protocol.State{Length: protocol.Known(0)}, true},
		{"some left", protocol.State{Offset: 70, Length: protocol.Known(100)}, false},
		{"none left", protocol.State{Offset: 100, Length: protocol.Known(100)}, true},
		{"length not known", protocol.State{Offset: 100}, false},
		{"beyond", protocol.State{Offset: 101, Length: protocol.Known(100)}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.state.Complete(); got != tt.want {
				t.Errorf("Complete() = %t, want %t", got, tt.want)
			}
		})
	}
}

func TestStateWarning(t *testing.T) {
	s, err := protocol.ParseHead(lines(t, "Upload-Offset: 0\nUpload-Concat: whole\nUpload-Metadata: a !"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Warning(protocol.HeaderUploadConcat); !errors.Is(err, protocol.ErrInvalidConcat) {
		t.Errorf("warning about Upload-Concat is %v, want ErrInvalidConcat", err)
	}
	if err := s.Warning("upload-metadata"); !errors.Is(err, protocol.ErrInvalidMetadata) {
		t.Errorf("warning about upload-metadata is %v, want ErrInvalidMetadata", err)
	}
	if err := s.Warning(protocol.HeaderUploadExpires); err != nil {
		t.Errorf("warning about Upload-Expires is %v, want nil", err)
	}
}

func TestStateSetHeader(t *testing.T) {
	final := protocol.Concat{Kind: protocol.ConcatFinal, Parts: []string{"/a"}}
	tests := []struct {
		name    string
		state   protocol.State
		want    string
		kind    error
		problem string
	}{
		{"zero value", protocol.State{}, "Tus-Resumable: 1.0.0\nUpload-Offset: 0\nUpload-Defer-Length: 1", nil, ""},
		{
			"everything",
			protocol.State{
				Location: "/a", Offset: 70, Length: protocol.Known(100), Metadata: protocol.Metadata{"a": "1"},
				Concat: protocol.Concat{Kind: protocol.ConcatPartial}, Expires: expires,
			},
			`
				Tus-Resumable: 1.0.0
				Location: /a
				Upload-Offset: 70
				Upload-Length: 100
				Upload-Metadata: a MQ==
				Upload-Concat: partial
				Upload-Expires: Wed, 25 Jun 2014 16:00:00 GMT
			`, nil, "",
		},
		{"final, unfinished", protocol.State{Concat: final}, "Tus-Resumable: 1.0.0\nUpload-Concat: final;/a", nil, ""},
		{
			"final, unfinished, length known",
			protocol.State{Concat: final, Length: protocol.Known(5)},
			"Tus-Resumable: 1.0.0\nUpload-Length: 5\nUpload-Concat: final;/a", nil, "",
		},
		{
			"final, finished",
			protocol.State{Concat: final, Offset: 5, Length: protocol.Known(5)},
			"Tus-Resumable: 1.0.0\nUpload-Offset: 5\nUpload-Length: 5\nUpload-Concat: final;/a", nil, "",
		},
		{
			"final of no bytes",
			protocol.State{Concat: final, Length: protocol.Known(0)},
			"Tus-Resumable: 1.0.0\nUpload-Offset: 0\nUpload-Length: 0\nUpload-Concat: final;/a", nil, "",
		},
		{
			"negative offset",
			protocol.State{Offset: -1},
			"",
			protocol.ErrInvalidOffset, `header Upload-Offset: invalid value "-1": it is negative`,
		},
		{
			"offset beyond length",
			protocol.State{Offset: 6, Length: protocol.Known(5)},
			"",
			protocol.ErrInvalidOffset, `header Upload-Offset: invalid value "6": it is beyond the length 5`,
		},
		{
			"line break in location",
			protocol.State{Location: "/a\r\nX-Evil: 1"},
			"",
			protocol.ErrInvalidHeader, `header Location: invalid value "/a\r\nX-Evil: 1": it holds a control character`,
		},
		{
			"bad metadata",
			protocol.State{Metadata: protocol.Metadata{"": ""}},
			"",
			protocol.ErrInvalidMetadata, `header Upload-Metadata: metadata key "" is empty`,
		},
		{
			"bad concat",
			protocol.State{Concat: protocol.Concat{Kind: 3}},
			"",
			protocol.ErrInvalidConcat, "header Upload-Concat: unknown kind of upload 3",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := http.Header{}
			checkHeaderError(t, tt.state.SetHeader(got), tt.kind, tt.problem)
			if want := lines(t, tt.want); !reflect.DeepEqual(got, want) {
				t.Errorf("headers: %+v, want %+v", got, want)
			}
			if tt.problem != "" {
				return
			}
			back, err := protocol.ParseHead(got)
			if err != nil {
				t.Fatal(err)
			}
			back.Location = got.Get("Location")
			if !reflect.DeepEqual(back, tt.state) {
				t.Errorf("parsed again: %+v, want %+v", back, tt.state)
			}
		})
	}
}
