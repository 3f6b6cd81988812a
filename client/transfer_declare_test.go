package client_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// If the server refuses a declared length, an older request may have declared it. HEAD tells
// whether the server has the same length.
func TestLengthRefused(t *testing.T) {
	const (
		head  = "HEAD /files/1"
		first = "PATCH /files/1 0+2"
		last  = "PATCH /files/1 2+1 of 3"
	)
	refuse := fake.Status(http.StatusBadRequest, "ERR_INVALID_UPLOAD_LENGTH: invalid Upload-Length\n")
	told := func(body string) fake.Action {
		return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			overtaken("2", body)(w, r, http.HandlerFunc(func(w http.ResponseWriter, of *http.Request) {
				if of != r {
					next.ServeHTTP(w, of)
					return
				}
				refuse(w, r, next)
			}))
		}
	}
	tests := map[string]struct {
		patch []fake.Action
		want  []string
		err   error
	}{
		"earlier request declared the length": {
			[]fake.Action{nil, told("")},
			[]string{head, first, last, head, "PATCH /files/1 2+1"},
			nil,
		},
		"earlier request declared the length and sent the bytes": {
			[]fake.Action{nil, told("l")},
			[]string{head, first, last, head},
			nil,
		},
		"no length from the server": {
			[]fake.Action{nil, refuse, refuse},
			[]string{head, first, last, head, last},
			protocol.ErrBadRequest,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				url := s.Put("", protocol.Length{}, nil)
				s.On(http.MethodPatch, test.patch...)
				_, err := clienttest.NewClient(t, s, client.Config{}).Resume(t.Context(), url, clienttest.StreamSource("hel", 4), &client.UploadOptions{ChunkSize: 2})
				clienttest.WantRequests(t, s, test.want...)
				if test.err != nil {
					clienttest.WantErrorIs(t, err, test.err)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, url, "hel")
			})
		})
	}
}
