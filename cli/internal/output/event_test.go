package output_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

func jsonLine(v any) string {
	var b strings.Builder
	output.NewPrinter(&b, nil).JSON(v)
	return strings.TrimSpace(b.String())
}

func locked() error {
	return fmt.Errorf("wrapped: %w", &client.Error{
		Op: protocol.OpPatch, URL: "https://tus.example/files/a?token=secret", StatusCode: 423,
		Code: "ERR_UPLOAD_LOCKED", Err: protocol.ErrLocked,
	})
}

func TestEventLines(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		event output.Event
		want  string
	}{
		"created": {
			output.NewEvent("a.bin", client.Event{Kind: client.EventCreated, URL: "http://h/1", Length: protocol.Known(0)}),
			`{"event":"created","file":"a.bin","url":"http://h/1","offset":0,"sent":0,"length":0}`,
		},
		"name that is not UTF-8": {
			output.NewEvent("na\xefve", client.Event{Kind: client.EventCreated}),
			`{"event":"created","file":"na\ufffdve","file_bytes":"bmHvdmU=","offset":0,"sent":0}`,
		},
		"progress of unknown length": {
			output.NewEvent("-", client.Event{Kind: client.EventProgress, URL: "http://h/1", Offset: 5, Sent: 7}),
			`{"event":"progress","file":"-","url":"http://h/1","offset":5,"sent":7}`,
		},
		"retry at once": {
			output.NewEvent("a.bin", client.Event{Kind: client.EventRetry, Part: 2, Attempt: 1, Err: locked()}),
			`{"event":"retry","file":"a.bin","part":2,"offset":0,"sent":0,"attempt":1,"wait_ms":0,` +
				`"error":{"op":"patch","status":423,"code":"ERR_UPLOAD_LOCKED",` +
				`"message":"wrapped: patch https://tus.example/files/a: locked"}}`,
		},
		"retry later": {
			output.NewEvent("a.bin", client.Event{Kind: client.EventRetry, Attempt: 3, Wait: 1500 * time.Millisecond}),
			`{"event":"retry","file":"a.bin","offset":0,"sent":0,"attempt":3,"wait_ms":1500}`,
		},
		"waiting": {
			output.NewEvent("a.bin", client.Event{Kind: client.EventWaiting, Wait: 1500 * time.Millisecond, Err: client.ErrThrottled}),
			`{"event":"waiting","file":"a.bin","offset":0,"sent":0,"wait_ms":1500,"error":{"message":"host asked for fewer requests"}}`,
		},
		"done": {
			output.NewResult("a.bin", &client.Result{
				URL: "http://h/1?k=v", Offset: 3, Length: protocol.Known(3),
				CreationHeader: http.Header{"Stream-Media-Id": {"x"}, "Upload-Offset": {"0"}, "Set-Cookie": {"secret"}},
				Header:         http.Header{"Upload-Offset": {"3"}},
			}, nil),
			`{"event":"done","file":"a.bin","url":"http://h/1?k=v","offset":3,"sent":3,"length":3,` +
				`"headers":{"stream-media-id":["x"],"upload-offset":["3"]}}`,
		},
		"response": {
			output.NewResult("a.bin", &client.Result{Response: &client.Response{
				StatusCode: 303, Header: http.Header{"Location": {"/done"}, "Set-Cookie": {"secret"}}, Body: []byte("ö"), Truncated: true,
			}}, nil),
			`{"event":"done","file":"a.bin","offset":0,"sent":0,"response":{"status":303,"headers":{"location":["/done"]},"body":"ö","truncated":true}}`,
		},
		"response that is not UTF-8": {
			output.NewResult("a.bin", &client.Result{Response: &client.Response{StatusCode: 200, Body: []byte{0xff}}}, nil),
			`{"event":"done","file":"a.bin","offset":0,"sent":0,"response":{"status":200,"body_bytes":"/w=="}}`,
		},
		"failed": {
			output.NewResult("a.bin", &client.Result{}, fmt.Errorf("two\nlines")),
			`{"event":"failed","file":"a.bin","offset":0,"sent":0,"error":{"message":"two\\nlines"}}`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, jsonLine(test.event)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestHeaderValue(t *testing.T) {
	t.Parallel()
	r := &client.Result{
		CreationHeader: http.Header{"Stream-Media-Id": {"x"}, "Etag": {"old"}},
		Header:         http.Header{"Etag": {"new", "newer"}},
	}
	for name, want := range map[string]string{"stream-media-id": "x", "ETag": "new, newer", "Oc-Fileid": ""} {
		if got := output.HeaderValue(r, name); got != want {
			t.Errorf("HeaderValue(%q) = %q, want %q", name, got, want)
		}
	}
}
