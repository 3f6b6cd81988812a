package advice

import (
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// An upload that ended early has advice of its own unless the same command resumes it.
func TestUnfinishedHint(t *testing.T) {
	t.Parallel()
	const url = "https://tus.example/files/1"
	parts := []*client.Result{{}, {URL: url}}
	for _, test := range []struct {
		name   string
		lost   bool
		result client.Result
		want   string
	}{
		{"an upload", false, client.Result{URL: url}, ""},
		{"nothing was created", false, client.Result{}, ""},
		{"only parts exist", false, client.Result{Parts: parts}, NewUpload},
		{"the parts of a stream exist", true, client.Result{Parts: parts}, NewUpload},
		{"parts of an upload", false, client.Result{URL: url, Parts: parts}, ""},
		{"a creation with bytes has no answer", false, client.Result{Orphans: 1, Sent: 5}, orphanHint},
		{"a creation of an empty upload has no answer", false, client.Result{Orphans: 1, Length: protocol.Known(0)}, orphanHint},
		{"a creation without bytes has no answer", false, client.Result{Orphans: 1}, ""},
		{"a later creation has an answer", false, client.Result{URL: url, Orphans: 1, Sent: 5}, ""},
		{"a stream", true, client.Result{URL: url}, lostStreamHint(url, Invocation{})},
		{"a stream before its creation", true, client.Result{}, nothingYetHint},
	} {
		if got := unfinishedHint(test.lost, &test.result, Invocation{}); got != test.want {
			t.Errorf("%s: hint %q, want %q", test.name, got, test.want)
		}
	}
}
