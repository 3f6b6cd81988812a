package client_test

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// redirecting starts a server that sends every request for a creation to other with the status.
func redirecting(t *testing.T, status int, other string) *peer {
	t.Helper()
	return newPeer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			t.Errorf("%s %s at the first host", r.Method, r.URL)
		}
		respond(w, r, status, "Location", other+"/files/")
	})
}

// The Location of a 104 is relative to the URL that sent it, so an upload whose creation was
// redirected to another host is resumed at that host.
func TestRUFHAnnouncementAfterRedirect(t *testing.T) {
	for _, location := range []string{"/u/1", "1", "absolute"} {
		for _, status := range []int{307, 308} {
			for _, cut := range []bool{true, false} {
				t.Run(location+" "+strconv.Itoa(status)+" cut "+strconv.FormatBool(cut), func(t *testing.T) {
					t.Parallel()
					const complete = rufh.HeaderUploadComplete
					var storage *peer
					want := map[string]string{"/u/1": "/u/1", "1": "/files/1", "absolute": "/u/1"}[location]
					storage = newPeer(t, func(w http.ResponseWriter, r *http.Request) {
						switch {
						case r.Method == http.MethodPost:
							given := location
							if given == "absolute" {
								given = storage.URL + "/u/1"
							}
							respond(w, r, 104, "Location", given)
							respond(w, r, 104, "Location", storage.URL+want) // the same URL
							drain(r)
							if cut {
								panic(http.ErrAbortHandler)
							}
							respond(w, r, 201, complete, "?1")
						case r.URL.Path != want:
							t.Errorf("%s %s", r.Method, r.URL)
							respond(w, r, 404)
						case r.Method == http.MethodHead:
							respond(w, r, 204, complete, "?0", rufh.HeaderUploadOffset, "0")
						default:
							drain(r)
							respond(w, r, 201, complete, "?1")
						}
					})
					first := redirecting(t, status, storage.URL)
					res, err := first.client(t, client.Config{Protocol: "rufh/8"}).Upload(t.Context(), client.Bytes(make([]byte, 1000)), nil)
					if err != nil {
						t.Fatal(err)
					}
					if res.URL != storage.URL+want {
						t.Errorf("URL %s", res.URL)
					}
					methods := []string{"POST"}
					if cut {
						methods = append(methods, "HEAD", "PATCH")
					}
					if got := storage.seen(); !slices.Equal(got, methods) {
						t.Errorf("requests %v, want %v", got, methods)
					}
				})
			}
		}
	}
}

// A redirect with Upload-Complete: ?1 is the response of the target. It reaches the caller, and
// the bytes are not sent to its Location.
func TestRUFHFinalRedirect(t *testing.T) {
	for _, v := range []string{"rufh/7", "rufh/10"} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			for _, inline := range []int64{0, -1} {
				t.Run(v+" "+strconv.Itoa(status)+" inline "+strconv.FormatInt(inline, 10), func(t *testing.T) {
					t.Parallel()
					p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
						if r.URL.Path == "/done" {
							t.Errorf("%s of the Location", r.Method)
						}
						if r.Method == http.MethodPost && inline < 0 {
							respond(w, r, 201, "Location", "/1", rufh.HeaderUploadComplete, "?0")
							return
						}
						drain(r)
						respond(w, r, status, "Location", "/done", rufh.HeaderUploadComplete, "?1")
					})
					res, err := p.client(t, client.Config{Protocol: v, InlineSize: inline}).Upload(t.Context(), client.Bytes(make([]byte, 1000)), nil)
					if err != nil || res.Response == nil || res.Response.StatusCode != status || res.Response.Header.Get("Location") != "/done" {
						t.Errorf("error %v, response %+v", err, res.Response)
					}
				})
			}
		}
	}
}

// The endpoint is not the URL of an upload, whatever a 104 says.
func TestRUFHAnnouncementOfEndpoint(t *testing.T) {
	for _, location := range []string{"#f", "/", "./"} {
		posts := 0
		p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
			switch r.Method {
			case http.MethodHead:
				t.Errorf("%s: HEAD %s", location, r.URL)
				respond(w, r, 404)
			case http.MethodPost:
				if posts++; posts == 1 {
					respond(w, r, 104, "Location", location)
					drain(r)
					panic(http.ErrAbortHandler)
				}
				respond(w, r, 201, "Location", "/1", rufh.HeaderUploadComplete, "?0")
			default:
				drain(r)
				respond(w, r, 201, rufh.HeaderUploadComplete, "?1")
			}
		})
		c := p.clientAt(t, "/", client.Config{Protocol: "rufh/8"})
		if res, err := c.Upload(t.Context(), client.Bytes(make([]byte, 1000)), nil); err != nil || res.Orphans != 1 {
			t.Errorf("%s: %d orphans, %v", location, res.Orphans, err)
		}
	}
}

// An upload at any URL is usual: an error of the creation does not blame the Location.
func TestRUFHErrorOfCreationKeepsItsMeaning(t *testing.T) {
	const limit, complete = rufh.HeaderUploadLimit, rufh.HeaderUploadComplete
	for name, test := range map[string]struct {
		handle http.HandlerFunc
		want   error
	}{
		"limits": {func(w http.ResponseWriter, r *http.Request) {
			respond(w, r, 104, "Location", "/elsewhere/1", limit, "max-size=10")
			drain(r)
			panic(http.ErrAbortHandler)
		}, client.ErrLimits},
		"two URLs": {func(w http.ResponseWriter, r *http.Request) {
			respond(w, r, 104, "Location", "/elsewhere/1")
			respond(w, r, 104, "Location", "/elsewhere/2")
			drain(r)
			respond(w, r, 201, complete, "?1")
		}, failure.ErrRelocated},
		"refused": {func(w http.ResponseWriter, r *http.Request) {
			respond(w, r, 104, "Location", "/elsewhere/1")
			drain(r)
			respond(w, r, 404)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodDelete {
					if r.URL.Path != "/elsewhere/1" {
						t.Errorf("DELETE %s", r.URL)
					}
					respond(w, r, 204)
					return
				}
				test.handle(w, r)
			})
			_, err := p.clientAt(t, "/files/", client.Config{Protocol: "rufh/9"}).Upload(t.Context(), client.Bytes(make([]byte, 1000)), nil)
			if err == nil || errors.Is(err, client.ErrMisplaced) || strings.Contains(err.Error(), "not below") || test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("error %v", err)
			}
			// An upload that cannot be completed is deleted (-13, sections 4.1.4 and 4.2.2).
			deletes := 0
			if test.want != nil {
				deletes = 1
			}
			if n := p.count(http.MethodDelete); n != deletes || p.count(http.MethodPost) != 1 {
				t.Errorf("requests %v", p.seen())
			}
		})
	}
}

// A HEAD that calls a shorter upload complete is no reason to wait, and leaves nothing uncertain.
func TestRUFHCompleteButShort(t *testing.T) {
	for _, v := range []string{"rufh/4", "rufh/6", "rufh/8"} {
		p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				respond(w, r, 104, "Location", "/1")
				drain(r)
				panic(http.ErrAbortHandler)
			}
			respond(w, r, 204, rufh.HeaderUploadComplete, "?1", rufh.HeaderUploadOffset, "10")
		})
		_, err := p.client(t, client.Config{Protocol: v}).Upload(t.Context(), client.Bytes(make([]byte, 1000)), nil)
		if !errors.Is(err, client.ErrLengthMismatch) || errors.Is(err, client.ErrUncertain) || len(p.seen()) != 2 {
			t.Errorf("%s: error %v, requests %v", v, err, p.seen())
		}
	}
}
