package client_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// A success of a creation without the fields of the protocol ends the upload up to version 9,
// except a 206 and a 207: then HEAD says how much the server has. Since version 10, it always does.
func TestRUFHSuccessWithoutFields(t *testing.T) {
	for v := rufh.Oldest; v <= rufh.Newest; v++ {
		for _, status := range []int{200, 201, 202, 204, 205, 206, 207} {
			t.Run(fmt.Sprintf("%v %d", v, status), func(t *testing.T) {
				t.Parallel()
				p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
					switch r.Method {
					case http.MethodPost:
						respond(w, r, rufh.StatusResumptionSupported, "Location", "/1")
						drain(r)
						respond(w, r, status)
					case http.MethodHead:
						respond(w, r, 200, rufh.HeaderUploadOffset, "40")
					default:
						if n := drain(r); n != 60 {
							t.Errorf("PATCH of %d bytes, want 60", n)
						}
						respond(w, r, 201, endOf(v)...)
					}
				})
				_, err := p.client(t, client.Config{Protocol: v.String()}).Upload(t.Context(), client.Bytes(make([]byte, 100)), nil)
				if err != nil {
					t.Fatal(err)
				}
				want := []string{"POST"}
				if v == 10 || status == 206 || status == 207 {
					want = []string{"POST", "HEAD", "PATCH"}
				}
				if got := p.seen(); !slices.Equal(got, want) {
					t.Errorf("requests %v, want %v", got, want)
				}
			})
		}
	}
}

// An append whose success has the offset alone ends the upload up to version 7. Since version 8, a
// request without bytes then asks for the end.
func TestRUFHAppendWithoutCompleteness(t *testing.T) {
	for v := rufh.Oldest; v < 10; v++ {
		t.Run(v.String(), func(t *testing.T) {
			t.Parallel()
			p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
				switch n := drain(r); {
				case r.Method == http.MethodPost:
					respond(w, r, 201, "Location", "/1", rufh.HeaderUploadOffset, "0")
				case n > 0:
					respond(w, r, 204, rufh.HeaderUploadOffset, "100")
				default:
					respond(w, r, 201, endOf(v)...)
				}
			})
			_, err := p.client(t, client.Config{Protocol: v.String(), InlineSize: -1}).Upload(t.Context(), client.Bytes(make([]byte, 100)), nil)
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"POST", "PATCH"}
			if v >= 8 {
				want = append(want, "PATCH")
			}
			if got := p.seen(); !slices.Equal(got, want) {
				t.Errorf("requests %v, want %v", got, want)
			}
		})
	}
}

// endOf returns the fields of the response to the request that completed an upload.
func endOf(v rufh.Version) []string {
	if v == 3 {
		return []string{rufh.HeaderUploadIncomplete, "?0"}
	}
	return []string{rufh.HeaderUploadComplete, "?1"}
}

// A creation that announced its upload and is then redirected is not sent again to the other URL:
// the upload has the bytes, and HEAD says how many.
func TestRUFHRedirectAfterAnnouncement(t *testing.T) {
	for v := rufh.Oldest; v <= rufh.Newest; v++ {
		for _, status := range []int{301, 302, 303, 307, 308} {
			t.Run(fmt.Sprintf("%v %d", v, status), func(t *testing.T) {
				t.Parallel()
				p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
					switch {
					case r.URL.Path == "/other":
						t.Errorf("%s of the target of the redirect", r.Method)
						drain(r)
						respond(w, r, 201, append(endOf(v), "Location", "/2")...)
					case r.Method == http.MethodPost:
						respond(w, r, rufh.StatusResumptionSupported, "Location", "/1")
						drain(r)
						respond(w, r, status, "Location", "/other")
					case r.Method == http.MethodHead:
						respond(w, r, 200, rufh.HeaderUploadOffset, "40")
					default:
						if n := drain(r); n != 60 {
							t.Errorf("PATCH of %d bytes, want 60", n)
						}
						respond(w, r, 201, endOf(v)...)
					}
				})
				res, err := p.client(t, client.Config{Protocol: v.String()}).Upload(t.Context(), client.Bytes(make([]byte, 100)), nil)
				if err != nil || res.URL != p.URL+"/1" {
					t.Errorf("URL %s, error %v, want %s", res.URL, err, p.URL+"/1")
				}
				if got := p.seen(); !slices.Equal(got, []string{"POST", "HEAD", "PATCH"}) {
					t.Errorf("requests %v", got)
				}
			})
		}
	}
}

// An upload that a redirected creation announced, and that is gone afterwards, is uncertain.
func TestRUFHRedirectAfterAnnouncementOfGone(t *testing.T) {
	p := newPeer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			respond(w, r, 404)
			return
		}
		respond(w, r, rufh.StatusResumptionSupported, "Location", "/1")
		drain(r)
		respond(w, r, 307, "Location", "/other")
	})
	_, err := p.client(t, client.Config{Protocol: "rufh/6"}).Upload(t.Context(), client.Bytes(make([]byte, 100)), nil)
	if got := p.seen(); !errors.Is(err, client.ErrUncertain) || !slices.Equal(got, []string{"POST", "HEAD"}) {
		t.Errorf("error %v, want ErrUncertain; requests %v", err, got)
	}
}
