package testserver_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

// Requests describes each request and its answer.
func TestRequests(t *testing.T) {
	t.Parallel()
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			s := testserver.New(t, tr.config)
			before := time.Now()
			url := create(t, s, 10)
			s.Inject(testserver.Fault{Method: http.MethodPatch, Do: testserver.Offset(9)})
			mustDo(t, http.StatusNoContent, s.Client(), http.MethodPost, url+"?a=b%20c", bytes.NewReader(content(10)),
				protocol.HeaderMethodOverride, http.MethodPatch,
				protocol.HeaderContentType, protocol.ContentType, protocol.HeaderUploadOffset, "0")
			mustDo(t, http.StatusConflict, s.Client(), http.MethodPatch, url, io.MultiReader(bytes.NewReader(content(3))),
				protocol.HeaderContentType, protocol.ContentType, protocol.HeaderUploadOffset, "7")
			mustDo(t, http.StatusBadRequest, s.Client(), http.MethodPatch, url, nil,
				protocol.HeaderContentType, protocol.ContentType, protocol.HeaderUploadOffset, "garbage")

			path := "/files/" + url[len(s.URL()):]
			want := []testserver.Request{
				{Method: "POST", Path: "/files/", Status: 201},
				{
					Method: "PATCH", Path: path, Query: "a=b%20c", ContentLength: 10, BodyBytes: 10, Status: 204,
					Fault: "Offset(9)",
				},
				{Method: "PATCH", Path: path, ContentLength: -1, Offset: 7, Status: 409},
				{Method: "PATCH", Path: path, Status: 400},
			}
			got := s.Requests()
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(testserver.Request{}, "Host", "Proto", "RemoteAddr", "Header", "Start")); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			for i, r := range got {
				if r.Proto != tr.proto || r.RemoteAddr == "" || r.Start.Before(before) || r.Host == "/files/" {
					t.Errorf("request %d: got %s from %q at %v, want %s, an address, and a start after %v", i, r.Proto, r.RemoteAddr, r.Start, tr.proto, before)
				}
				if r.Header.Get(protocol.HeaderResumable) != protocol.Version {
					t.Errorf("request %d: got header %v, want %q", i, r.Header, protocol.Version)
				}
			}

			// The result is a copy.
			got[0].Header.Set(protocol.HeaderResumable, "changed")
			if s.Requests()[0].Header.Get(protocol.HeaderResumable) != protocol.Version {
				t.Error("the request log was changed through a copy")
			}
			if got := [...]int{s.Count("POST"), s.Count("PATCH"), s.Count("HEAD"), s.Count("")}; got != [...]int{1, 3, 0, 4} {
				t.Errorf("got counts %v, want 1, 3, 0, 4", got)
			}
			s.ResetRequests()
			if got := s.Requests(); len(got) != 0 {
				t.Errorf("got %d requests after a reset, want none", len(got))
			}
		})
	}
}

// A request is in the log from its start.
func TestRequestsInProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := overNetwork(t, testserver.Config{})
		url := create(t, s, 10)
		s.Inject(testserver.Fault{Method: http.MethodPatch, Do: testserver.StallAfter(4, time.Second)})
		done := make(chan struct{})
		go func() {
			defer close(done)
			if _, err := patch(t.Context(), s, url, 0, content(10)); err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		if r := last(t, s); r.Method != http.MethodPatch || r.BodyBytes != 4 || r.Status != 0 {
			t.Errorf("got %s, %d bytes, status %d; want PATCH, 4, 0", r.Method, r.BodyBytes, r.Status)
		}
		<-done
		if r := last(t, s); r.BodyBytes != 10 || r.Status != http.StatusNoContent {
			t.Errorf("got %d bytes, status %d; want 10, 204", r.BodyBytes, r.Status)
		}
	})
}

// An answer on a hijacked connection sets no status.
func TestRequestsHijacked(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{})
	s.Inject(testserver.Fault{Do: testserver.ActionFunc(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(c, "HTTP/1.1 299 Odd\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		_ = c.Close()
	})})
	mustDo(t, 299, s.Client(), http.MethodOptions, s.URL(), nil)
	if got := last(t, s).Status; got != 0 {
		t.Errorf("got status %d, want 0", got)
	}
}

// The request log keeps KeepRequests requests.
func TestKeepRequests(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		keep, want int
	}{
		{"default", 0, 7},
		{"fewer than requests", 3, 3},
		{"as many as requests", 7, 7},
		{"one", 1, 1},
		{"negative", -1, 7},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := testserver.New(t, testserver.Config{KeepRequests: tt.keep})
			send := func() {
				for i := range 7 {
					mustDo(t, http.StatusNotFound, s.Client(), http.MethodHead, s.URL()+string(rune('a'+i)), nil)
				}
			}
			send()
			check := func() {
				t.Helper()
				got := s.Requests()
				if len(got) != tt.want || s.Count(http.MethodHead) != tt.want {
					t.Fatalf("got %d requests, want %d", len(got), tt.want)
				}
				for i, r := range got {
					if want := "/files/" + string(rune('a'+7-tt.want+i)); r.Path != want {
						t.Errorf("request %d: got %s, want %s", i, r.Path, want)
					}
				}
			}
			check()
			s.ResetRequests()
			send()
			check()
		})
	}
}
