package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

func TestUploadConcat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		c := clienttest.NewClient(t, s, client.Config{})
		metadata := protocol.Metadata{"filename": "all.txt"}
		// Later sources finish first.
		var sources []client.Source
		for i, part := range []string{"ele", "", "phant", "s"} {
			sources = append(sources, client.Stream(
				clienttest.SlowReader{Reader: strings.NewReader(part), Gap: time.Duration(4-i) * time.Second}, &client.StreamOptions{Name: fmt.Sprint(i + 1)}))
		}
		s.On(http.MethodPatch, fake.Cut(1))
		var events []client.Event
		res, err := c.UploadConcat(t.Context(), sources, &client.ConcatOptions{Metadata: metadata, OnEvent: clienttest.RecordEvents(&events)})
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, "elephants")
		if diff := cmp.Diff(metadata, s.State(res.URL).Metadata); diff != "" {
			t.Errorf("metadata (-want +got):\n%s", diff)
		}
		want := &client.Result{URL: res.URL, Offset: 9, Length: protocol.Known(9), Sent: res.Sent, Retries: 1, CreationHeader: res.CreationHeader, Header: res.Header}
		if diff := cmp.Diff(want, res, cmpopts.IgnoreFields(client.Result{}, "Parts")); diff != "" {
			t.Errorf("result (-want +got):\n%s", diff)
		}
		final := "final;"
		for i, part := range res.Parts {
			if i > 0 {
				final += " "
			}
			final += part.URL
			state := s.State(part.URL)
			if state.Concat.Kind != protocol.ConcatPartial || state.Metadata != nil || state.Offset != part.Offset {
				t.Errorf("part %d: %+v, want Concat.Kind %v, Metadata nil and Offset %v", i+1, state, protocol.ConcatPartial, part.Offset)
			}
		}
		requests := s.Requests()
		if got := requests[len(requests)-1].Header.Get("Upload-Concat"); got != final {
			t.Errorf("Upload-Concat %q, want %q", got, final)
		}
		if got := requests[0].String(); got != "OPTIONS /files/" {
			t.Errorf("first request %s, want %q", got, "OPTIONS /files/")
		}
		byPart := map[int][]client.Event{}
		for _, e := range events {
			byPart[e.Part] = append(byPart[e.Part], e)
			if e.Part > 0 && e.Source != fmt.Sprint(e.Part) {
				t.Errorf("part %d is of source %q, want its number", e.Part, e.Source)
			}
		}
		for part := range 5 {
			clienttest.WantEventOrder(t, byPart[part])
			if last := byPart[part][len(byPart[part])-1]; last.Kind != client.EventDone {
				t.Errorf("part %d ends with %s, want %v", part, last.Kind, client.EventDone)
			}
		}
		if last := events[len(events)-1]; last.Part != 0 || last.URL != res.URL || last.Offset != 9 {
			t.Errorf("last event %+v, want Part 0, URL %q and Offset 9", last, res.URL)
		}
	})
}

func TestUploadConcatUnsupported(t *testing.T) {
	for name, action := range map[string]fake.Action{
		"not announced": nil,
		"none at all":   fake.With("Tus-Extension", ""),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{Extensions: []protocol.Extension{protocol.ExtensionCreation}})
				s.On(http.MethodOptions, fake.Status(503, ""), action)
				src := client.Stream(clienttest.BlockedReader{Ctx: t.Context()}, nil)
				var events []client.Event
				res, err := clienttest.NewClient(t, s, client.Config{}).UploadConcat(t.Context(), []client.Source{src},
					&client.ConcatOptions{OnEvent: clienttest.RecordEvents(&events)})
				clienttest.WantErrorIs(t, err, client.ErrUnsupported)
				clienttest.WantClearError(t, err, "server does not support concatenation")
				clienttest.WantRequests(t, s, "OPTIONS /files/", "OPTIONS /files/")
				if res.URL != "" || res.Parts != nil {
					t.Errorf("result %+v, want URL \"\" and Parts nil", res)
				}
				if diff := cmp.Diff([]string{"retry", "failed"}, clienttest.EventKinds(events)); diff != "" {
					t.Errorf("events (-want +got):\n%s", diff)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		s.On(http.MethodOptions, fake.Status(200, clienttest.HTMLPage, "Content-Type", "text/html"))
		_, err := clienttest.NewClient(t, s, client.Config{}).UploadConcat(t.Context(), []client.Source{clienttest.TextSource(t, "a")}, nil)
		clienttest.WantErrorIs(t, err, protocol.ErrMissingHeader)
		clienttest.WantClearError(t, err, "not that of a tus server")
		clienttest.WantRequests(t, s, "OPTIONS /files/")
	})
}

func TestUploadConcatOptions(t *testing.T) {
	s := fake.New(t, fake.Config{})
	c := clienttest.NewClient(t, s, client.Config{})
	for name, test := range map[string]struct {
		sources []client.Source
		options *client.ConcatOptions
	}{
		"no sources":           {nil, nil},
		"too many sources":     {make([]client.Source, protocol.MaxConcatParts+1), nil},
		"negative concurrency": {[]client.Source{clienttest.TextSource(t, "a")}, &client.ConcatOptions{Concurrency: -1}},
		"negative chunk":       {[]client.Source{clienttest.TextSource(t, "a")}, &client.ConcatOptions{ChunkSize: -1}},
	} {
		res, err := c.UploadConcat(t.Context(), test.sources, test.options)
		if !errors.Is(err, client.ErrInvalidOption) || res == nil {
			t.Errorf("%s: %+v, %v, want not nil and ErrInvalidOption", name, res, err)
		}
	}
	clienttest.WantRequests(t, s)
}

func TestUploadConcatPartFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		forever, end := context.WithCancel(t.Context())
		defer end()
		sources := []client.Source{
			clienttest.TextSource(t, "hello"),
			client.Stream(clienttest.BlockedReader{Ctx: forever}, &client.StreamOptions{Name: "blocked"}),
			client.Stream(clienttest.SlowReader{Reader: strings.NewReader("xx"), Gap: time.Second}, &client.StreamOptions{Name: "short", Length: protocol.Known(3)}),
			clienttest.TextSource(t, "never begun"),
		}
		began := time.Now()
		res, err := clienttest.NewClient(t, s, client.Config{Concurrency: 2}).UploadConcat(t.Context(), sources, nil)
		clienttest.WantErrorIs(t, err, client.ErrPart, client.ErrSourceChanged)
		clienttest.WantClearError(t, err, "part 3: short: source: source changed")
		if errors.Is(err, context.Canceled) {
			t.Errorf("error %v wraps context.Canceled", err)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("took %v, want at most %v", took, 10*time.Second)
		}
		if res.URL != "" || res.Sent != 5 || len(res.Parts) != 4 {
			t.Fatalf("result %+v, want URL \"\", Sent 5 and 4 in Parts", res)
		}
		if res.Parts[0].Offset != 5 || res.Parts[0].URL == "" || res.Parts[3] == nil || res.Parts[3].URL != "" {
			t.Errorf("parts %+v, %+v, want Parts[0].Offset 5, Parts[0].URL not empty, not nil and Parts[3].URL \"\"", res.Parts[0], res.Parts[3])
		}
		for _, r := range s.Requests() {
			if strings.HasPrefix(r.Header.Get("Upload-Concat"), "final") {
				t.Errorf("%s joins parts that are not complete", r)
			}
		}
	})
}

func TestUploadConcatCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		ctx, cancel := context.WithCancelCause(t.Context())
		s.On(http.MethodPatch, clienttest.HangAndCancel(s, func() { cancel(clienttest.ErrUnplugged) }))
		res, err := clienttest.NewClient(t, s, client.Config{}).UploadConcat(ctx, []client.Source{clienttest.TextSource(t, "hello")}, nil)
		clienttest.WantErrorIs(t, err, clienttest.ErrUnplugged, context.Canceled)
		if errors.Is(err, client.ErrPart) || len(res.Parts) != 1 || res.Parts[0].URL == "" {
			t.Errorf("error %v, result %+v, want not ErrPart, 1 in Parts and Parts[0].URL not empty", err, res)
		}
	})
}

func TestUploadConcatFinalRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		s.On(http.MethodPost, nil, fake.Status(503, ""), fake.Lose)
		res, err := clienttest.NewClient(t, s, client.Config{}).UploadConcat(t.Context(), []client.Source{clienttest.TextSource(t, "hello")}, nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, "hello")
		if res.Retries != 2 || res.Orphans != 1 {
			t.Errorf("result %+v, want Retries 2 and Orphans 1", res)
		}
	})
}
