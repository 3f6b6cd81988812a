package client_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
)

// A server that sees the end of a request that stalled may answer it, with any status. The error is
// the stall.
func TestAnswerAfterStall(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusOK, http.StatusNoContent, http.StatusForbidden, http.StatusNotFound, http.StatusInternalServerError} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				c := clienttest.NewClient(t, s, client.Config{Doer: transport.DoerFunc(func(r *http.Request) (*http.Response, error) {
					<-r.Context().Done()
					return &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
				})})
				_, err := clienttest.ResumeOnce(t.Context(), c, s.Put("", protocol.Known(5), nil), clienttest.TextSource(t, "hello"), nil)
				if !errors.Is(err, client.ErrStalled) {
					t.Errorf("got %v, want %v", err, client.ErrStalled)
				}
			})
		})
	}
}
