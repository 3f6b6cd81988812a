package client_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

func TestCreateWithUpload(t *testing.T) {
	tests := map[string]struct {
		action fake.Action
		size   int64
		length protocol.Length
		want   protocol.State
		stored string
	}{
		"all bytes":            {nil, 5, protocol.Known(5), protocol.State{Offset: 5}, "hello"},
		"the first bytes":      {nil, 2, protocol.Known(5), protocol.State{Offset: 2}, "he"},
		"length deferred":      {nil, 5, protocol.Length{}, protocol.State{Offset: 5}, "hello"},
		"no bytes":             {nil, 0, protocol.Known(5), protocol.State{}, ""},
		"fewer are kept":       {fake.Keep(3), 5, protocol.Known(5), protocol.State{Offset: 3}, "hel"},
		"none said to be kept": {fake.With("Upload-Offset", ""), 5, protocol.Known(5), protocol.State{}, "hello"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := clienttest.NewInlineServer(t, fake.Config{})
				s.On(http.MethodPost, test.action)
				body := &clienttest.CloseRecorder{Reader: strings.NewReader("hello, and more")}
				reply, err := clienttest.NewClient(t, s, client.Config{}).CreateWithUpload(t.Context(),
					protocol.Creation{Length: test.length, Metadata: protocol.Metadata{"name": "a"}}, body, test.size, nil)
				if err != nil {
					t.Fatal(err)
				}
				test.want.Location = s.URL + "1"
				want := &client.Reply{StatusCode: http.StatusCreated, State: test.want, URL: test.want.Location}
				if diff := cmp.Diff(want, reply, cmpopts.IgnoreFields(client.Reply{}, "Header")); diff != "" {
					t.Errorf("reply (-want +got):\n%s", diff)
				}
				clienttest.WantStored(t, s, reply.State.Location, test.stored)
				if got := s.State(reply.State.Location).Metadata["name"]; got != "a" {
					t.Errorf("metadata %q, want %q", got, "a")
				}
				if body.Closed {
					t.Error("the reader was closed")
				}
			})
		})
	}
}

func TestCreateWithUploadFails(t *testing.T) {
	creation := protocol.Creation{Length: protocol.Known(5)}
	unkept := protocol.Creation{Metadata: protocol.Metadata{"": "a"}}
	broken := errors.New("disk on fire")
	tests := map[string]struct {
		creation protocol.Creation
		action   fake.Action
		r        io.Reader
		size     int64
		want     error
		requests int
	}{
		"negative size":   {creation, nil, strings.NewReader("hello"), -1, client.ErrInvalidOption, 0},
		"no reader":       {creation, nil, nil, 5, client.ErrInvalidOption, 0},
		"metadata":        {unkept, nil, strings.NewReader("hello"), 5, protocol.ErrInvalidMetadata, 0},
		"refused":         {creation, fake.Status(413, ""), strings.NewReader("hello"), 5, protocol.ErrTooLarge, 1},
		"not tried again": {creation, fake.Status(503, ""), strings.NewReader("hello"), 5, protocol.ErrUnavailable, 1},
		"answer lost":     {creation, fake.Lose, strings.NewReader("hello"), 5, io.EOF, 1},
		"reader fails":    {creation, nil, io.MultiReader(strings.NewReader("he"), iotest.ErrReader(broken)), 5, broken, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := clienttest.NewInlineServer(t, fake.Config{})
				s.On(http.MethodPost, test.action)
				reply, err := clienttest.NewClient(t, s, client.Config{}).CreateWithUpload(t.Context(), test.creation, test.r, test.size, nil)
				clienttest.WantErrorIs(t, err, test.want)
				if reply != nil || clienttest.ErrorOf(t, err).Op != protocol.OpCreate {
					t.Errorf("reply %v, error %v, want nil and Op %q", reply, err, protocol.OpCreate)
				}
				if n := len(s.Requests()); n != test.requests {
					t.Errorf("%d requests, want %d", n, test.requests)
				}
			})
		})
	}
}

// FinishTimeout applies to a creation that carries all bytes.
func TestCreateWithUploadStalls(t *testing.T) {
	for name, test := range map[string]struct {
		size int64
		want time.Duration
	}{
		"the first bytes": {2, client.DefaultStallTimeout},
		"all bytes":       {5, client.DefaultFinishTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := clienttest.NewInlineServer(t, fake.Config{})
				s.On(http.MethodPost, s.Hang(test.size))
				began := time.Now()
				_, err := clienttest.NewClient(t, s, client.Config{}).CreateWithUpload(t.Context(),
					protocol.Creation{Length: protocol.Known(5)}, strings.NewReader("hello"), test.size, nil)
				clienttest.WantErrorIs(t, err, client.ErrStalled)
				if took := time.Since(began); took != test.want {
					t.Errorf("took %v, want %v", took, test.want)
				}
			})
		})
	}
}
