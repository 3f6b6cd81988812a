package clienttest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// InterruptUpload uploads the file called name until the connection breaks in the second
// chunk. The server keeps 7 bytes of that chunk, so the upload is at [ChunkSize] + 7.
func InterruptUpload(t *testing.T, s *fake.Server, store client.Store, name string) *client.Result {
	t.Helper()
	s.On(http.MethodPatch, nil, fake.Cut(7))
	res, err := NewRecordingClient(t, s, store, nil).Upload(t.Context(), PathSource(t, name), nil)
	WantErrorIs(t, err, retry.ErrExhausted)
	return res
}

// HangAfter7Bytes keeps seven bytes of the body and never answers.
func HangAfter7Bytes(s *fake.Server) fake.Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		r.Body = io.NopCloser(io.LimitReader(r.Body, 7))
		next.ServeHTTP(httptest.NewRecorder(), r)
		s.Hang(0)(w, r, next)
	}
}

// RefuseAfter7Bytes keeps seven bytes of the body and answers 403 after a second.
func RefuseAfter7Bytes(w http.ResponseWriter, r *http.Request, next http.Handler) {
	rest := r.Body
	r.Body = io.NopCloser(io.LimitReader(rest, 7))
	next.ServeHTTP(httptest.NewRecorder(), r)
	time.Sleep(time.Second)
	r.Body = rest
	fake.Status(403, "ERR_NO: no\n")(w, r, next)
}

// InterruptedBytes is the number of bytes that the server has after [InterruptParts].
const InterruptedBytes = 4 * 7

// InterruptParts uploads the file called name in four parts. One of them is refused, which
// ends all of them. The server keeps seven bytes of each part.
func InterruptParts(t *testing.T, s *fake.Server, cfg client.Config, name string) *client.Result {
	t.Helper()
	s.On(http.MethodPatch, HangAfter7Bytes(s), HangAfter7Bytes(s), HangAfter7Bytes(s), RefuseAfter7Bytes)
	res, err := NewClient(t, s, cfg).Upload(t.Context(), PathSource(t, name), &client.UploadOptions{Parallel: 4})
	WantErrorIs(t, err, client.ErrPart, protocol.ErrForbidden)
	return res
}
