package client_test

import (
	"io"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
)

func TestClassString(t *testing.T) {
	var got []string
	for c := client.ClassFinal; c <= client.ClassScarce+1; c++ {
		got = append(got, c.String())
	}
	want := []string{"final", "transient", "locked", "throttled", "resync", "integrity", "proxy limit", "auth", "gone", "scarce", "unknown"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

// Config.Classify is called once for each failed exchange, and its result is used.
func TestConfigClassify(t *testing.T) {
	const head, patch = "HEAD /files/1", "PATCH /files/1 2+3"
	refused := []fake.Action{fake.Status(403, "")}
	type call struct {
		Status int
		Class  client.Class // that Classify was called with
	}
	tests := map[string]struct {
		status      map[int]client.Class // the result of Classify for a status
		head, patch []fake.Action
		want        []string
		calls       []call
		is          error        // nil: the upload succeeds
		class       client.Class // of the error
	}{
		"403 is about credentials": {
			status: map[int]client.Class{403: client.ClassAuth},
			patch:  refused,
			want:   []string{head, patch, head, patch},
			calls:  []call{{403, client.ClassFinal}},
		},
		"403 twice": {
			status: map[int]client.Class{403: client.ClassAuth},
			patch:  append(refused, refused...),
			want:   []string{head, patch, head, patch},
			calls:  []call{{403, client.ClassFinal}, {403, client.ClassFinal}},
			is:     protocol.ErrForbidden, class: client.ClassAuth,
		},
		"500 is final": {
			status: map[int]client.Class{500: client.ClassFinal},
			patch:  []fake.Action{fake.Status(500, "")},
			want:   []string{head, patch},
			calls:  []call{{500, client.ClassTransient}},
			is:     protocol.ErrServer, class: client.ClassFinal,
		},
		"404 passes": {
			status: map[int]client.Class{404: client.ClassTransient},
			head:   []fake.Action{fake.Status(404, "")},
			want:   []string{head, head, patch},
			calls:  []call{{404, client.ClassGone}},
		},
		"404 passes at the end too": {
			status: map[int]client.Class{404: client.ClassTransient},
			patch:  []fake.Action{fake.Status(404, "")},
			want:   []string{head, patch, head, patch},
			calls:  []call{{404, client.ClassGone}},
		},
		"423 is final": {
			status: map[int]client.Class{423: client.ClassFinal},
			patch:  []fake.Action{fake.Status(423, "")},
			want:   []string{head, patch},
			calls:  []call{{423, client.ClassLocked}},
			is:     protocol.ErrLocked, class: client.ClassFinal,
		},
		"409 to HEAD means that the server is busy": {
			head:  []fake.Action{fake.Status(409, ""), fake.Status(409, "")},
			want:  []string{head, head, head, patch},
			calls: []call{{409, client.ClassLocked}, {409, client.ClassLocked}},
		},
		"no answer is final": {
			status: map[int]client.Class{0: client.ClassFinal},
			patch:  []fake.Action{fake.Cut(1)},
			want:   []string{head, "PATCH /files/1 2+1"},
			calls:  []call{{0, client.ClassTransient}},
			is:     io.EOF, class: client.ClassFinal,
		},
		"success that keeps nothing is final": {
			status: map[int]client.Class{204: client.ClassFinal},
			patch:  []fake.Action{fake.Keep(0)},
			want:   []string{head, patch},
			calls:  []call{{204, client.ClassTransient}},
			is:     client.ErrNoProgress, class: client.ClassFinal,
		},
		"answer that cannot be read": {
			patch: []fake.Action{fake.With(protocol.HeaderUploadOffset, "five")},
			want:  []string{head, patch, head},
			calls: []call{{204, client.ClassTransient}},
		},
		"left as it is": {
			patch: []fake.Action{fake.Status(409, ""), fake.Status(502, "")},
			want:  []string{head, patch, head, patch, head, patch},
			calls: []call{{409, client.ClassResync}, {502, client.ClassTransient}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				url := s.Put("he", protocol.Known(5), nil)
				s.On(http.MethodHead, test.head...)
				s.On(http.MethodPatch, test.patch...)
				var calls []call
				c := clienttest.NewClient(t, s, client.Config{
					Doer: transport.Chain(s.Doer(), transport.Bearer(new(tokens))),
					Classify: func(e *client.Error, class client.Class) client.Class {
						if e.Class != class {
							t.Errorf("Classify was called with %v, the error has %v", class, e.Class)
						}
						calls = append(calls, call{e.StatusCode, class})
						if c, ok := test.status[e.StatusCode]; ok {
							return c
						}
						return class
					},
				})
				_, err := c.Resume(t.Context(), url, clienttest.TextSource(t, "hello"), nil)
				if diff := cmp.Diff(test.calls, calls); diff != "" {
					t.Errorf("calls (-want +got):\n%s", diff)
				}
				clienttest.WantRequests(t, s, test.want...)
				if test.is == nil {
					if err != nil {
						t.Fatal(err)
					}
					clienttest.WantStored(t, s, url, "hello")
					return
				}
				if e := clienttest.ErrorOf(t, err); e.Class != test.class || e.Retryable() {
					t.Errorf("class %v, retryable %t, want Class %v and Retryable false", e.Class, e.Retryable(), test.class)
				}
				clienttest.WantErrorIs(t, err, test.is)
			})
		})
	}
}
