package rufh_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// The examples of -13, sections 7.1 and 7.2, and of -11, section "Completed Upload".
func TestProblem(t *testing.T) {
	for _, test := range []struct {
		name, content string
		want          rufh.Problem
	}{
		{
			"-13/7.1", `{
				"type":"https://iana.org/assignments/http-problem-types#mismatching-upload-offset",
				"title": "offset from request does not match offset of resource",
				"expected-offset": 12500000,
				"provided-offset": 25000000
			}`,
			rufh.Problem{
				Type: rufh.ProblemMismatchingOffset, Title: "offset from request does not match offset of resource",
				Expected: protocol.Known(12500000), Provided: protocol.Known(25000000),
			},
		},
		{
			"-13/7.2", `{
				"type":"https://iana.org/assignments/http-problem-types#inconsistent-upload-length",
				"title": "inconsistent length values for upload"
			}`,
			rufh.Problem{Type: rufh.ProblemInconsistentLength, Title: "inconsistent length values for upload"},
		},
		{
			"-11/Completed Upload", `{
				"type":"https://iana.org/assignments/http-problem-types#completed-upload",
				"title": "upload is already completed"
			}`,
			rufh.Problem{Type: rufh.ProblemCompletedUpload, Title: "upload is already completed"},
		},
		{"wrong types", `{"type":5,"title":["x"],"expected-offset":"7","provided-offset":-1,"more":{}}`, rufh.Problem{}},
		{"null", `{"type":null,"expected-offset":null}`, rufh.Problem{}},
		{"empty", `{}`, rufh.Problem{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := rufh.ParseProblem("Application/Problem+JSON ; charset=utf-8", []byte(test.content))
			if err != nil || got != test.want {
				t.Fatalf("%+v, %v, want %+v", got, err, test.want)
			}
			encoded, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := rufh.ParseProblem(rufh.ProblemMediaType, encoded); err != nil || again != got {
				t.Errorf("encoded as %s, which is %+v, %v, want %v and no error", encoded, again, err, got)
			}
		})
	}
}

func TestProblemErrors(t *testing.T) {
	if _, err := rufh.ParseProblem("text/html", []byte(`{}`)); !errors.Is(err, protocol.ErrInvalidHeader) {
		t.Errorf("HTML: %v, want ErrInvalidHeader", err)
	}
	for _, content := range []string{"", "5", "[]", "{", `{"type":}`, "<html>"} {
		if got, err := rufh.ParseProblem(rufh.ProblemMediaType, []byte(content)); err == nil || got != (rufh.Problem{}) {
			t.Errorf("%q: %+v, %v, want %v and an error", content, got, err, rufh.Problem{})
		}
	}
}
