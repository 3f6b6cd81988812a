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
)

// If an upload is gone after its last byte was sent, the error is ErrUncertain, because the
// server may have completed and moved it.
func TestUncertain(t *testing.T) {
	const post, head = "POST /files/", "HEAD /files/1"
	gone := fake.Status(404, "ERR_UPLOAD_NOT_FOUND: upload not found\n")
	expired := fake.Status(410, "")
	tests := map[string]struct {
		head, patch []fake.Action
		want        []string
		uncertain   bool
		offset      int64
		is          error
	}{
		"HEAD after a lost answer": {
			patch: []fake.Action{nil, fake.Lose}, head: []fake.Action{gone},
			want:      []string{post, "PATCH /files/1 0+3", "PATCH /files/1 3+2", head},
			uncertain: true, offset: 3, is: protocol.ErrNotFound,
		},
		"HEAD says gone after a lost answer": {
			patch: []fake.Action{nil, fake.Lose}, head: []fake.Action{expired},
			want:      []string{post, "PATCH /files/1 0+3", "PATCH /files/1 3+2", head},
			uncertain: true, offset: 3, is: protocol.ErrGone,
		},
		"HEAD after a lost answer and a failure": {
			patch: []fake.Action{nil, fake.Lose}, head: []fake.Action{fake.Status(502, ""), gone},
			want:      []string{post, "PATCH /files/1 0+3", "PATCH /files/1 3+2", head, head},
			uncertain: true, offset: 3, is: protocol.ErrNotFound,
		},
		"last PATCH": {
			patch: []fake.Action{nil, gone}, head: clienttest.Repeat(3, gone), // another node may know the new upload
			want:      []string{post, "PATCH /files/1 0+3", "PATCH /files/1 3+2", head, head, head},
			uncertain: true, offset: 3, is: protocol.ErrNotFound,
		},
		"PATCH in the middle": {
			patch: []fake.Action{expired},
			want:  []string{post, "PATCH /files/1 0+3"},
			is:    protocol.ErrGone,
		},
		"HEAD in the middle": {
			patch: []fake.Action{fake.Lose}, head: []fake.Action{expired},
			want: []string{post, "PATCH /files/1 0+3", head},
			is:   protocol.ErrGone,
		},
		"another failure at the end": {
			patch:  []fake.Action{nil, fake.Status(403, "")},
			want:   []string{post, "PATCH /files/1 0+3", "PATCH /files/1 3+2"},
			offset: 3, is: protocol.ErrForbidden,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				s.On(http.MethodHead, test.head...)
				s.On(http.MethodPatch, test.patch...)
				res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, "hello"), &client.UploadOptions{ChunkSize: 3})
				clienttest.WantErrorIs(t, err, test.is)
				if got := errors.Is(err, client.ErrUncertain); got != test.uncertain {
					t.Errorf("uncertain: %t, want %t, error %v", got, test.uncertain, err)
				}
				clienttest.WantRequests(t, s, test.want...)
				if res.URL != s.URL+"1" || res.Offset != test.offset || res.Confirmed {
					t.Errorf("result %+v, want URL %q, Offset %v and Confirmed false", res, s.URL+"1", test.offset)
				}
			})
		})
	}
}

// If an upload is gone before its last byte was sent, the error is not ErrUncertain.
func TestGoneBeforeLastByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		s.On(http.MethodPatch, fake.Cut(1000))
		s.On(http.MethodHead, clienttest.Repeat(4, fake.Status(404, ""))...)
		// The file is larger than the buffers of the network.
		res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, clienttest.Noise(1<<20)), nil)
		clienttest.WantErrorIs(t, err, protocol.ErrNotFound)
		if errors.Is(err, client.ErrUncertain) || res.Sent == 1<<20 {
			t.Errorf("%d bytes sent, error %v, want Sent not %v and not ErrUncertain", res.Sent, err, 1<<20)
		}
	})
}

func TestOrphans(t *testing.T) {
	const post = "POST /files/"
	refused := fake.Status(503, "")
	tests := map[string]struct {
		post []fake.Action
		want int
	}{
		"answer lost":       {[]fake.Action{fake.Lose}, 1},
		"lost twice":        {[]fake.Action{fake.Lose, fake.Lose}, 2},
		"server error":      {[]fake.Action{fake.Status(500, "")}, 0},
		"unavailable":       {[]fake.Action{refused, refused}, 0},
		"lost and refused":  {[]fake.Action{refused, fake.Lose, refused}, 1},
		"bad gateway":       {[]fake.Action{fake.Status(502, "")}, 1},
		"gateway timeout":   {[]fake.Action{fake.Status(504, "")}, 1},
		"too many requests": {[]fake.Action{clienttest.TooManyRequests()}, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				s.On(http.MethodPost, test.post...)
				res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, ""), nil)
				if err != nil {
					t.Fatal(err)
				}
				want := []string{post}
				for range test.post {
					want = append(want, post)
				}
				clienttest.WantRequests(t, s, want...)
				if res.Orphans != test.want || res.Retries != len(test.post) {
					t.Errorf("%d orphans, %d retries, want Orphans %v and Retries %v", res.Orphans, res.Retries, test.want, len(test.post))
				}
			})
		})
	}
	t.Run("no Location", func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		s.On(http.MethodPost, fake.With(protocol.HeaderLocation, ""))
		res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
		clienttest.WantErrorIs(t, err, protocol.ErrMissingHeader)
		if res.Orphans != 1 {
			t.Errorf("%d orphans, want 1", res.Orphans)
		}
	})
}
