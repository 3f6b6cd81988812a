package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/retry"
)

// A server that answers 409 or 423 without end to one method is asked as often as the policies
// allow, in each protocol. The error has the status, and says that the upload gave up. A creation
// that a 409 refuses is final, because no other request of it can hold a lock.
func TestEndlessConflict(t *testing.T) {
	const most = 11 // four attempts of HEAD and PATCH, one creation, and HEAD and PATCH after the first 409
	protocols := []string{"tus"}
	for v := rufh.Oldest; v <= rufh.Newest; v++ {
		protocols = append(protocols, v.String())
	}
	waits := retry.Delays(time.Millisecond, time.Millisecond, time.Millisecond)
	for _, name := range protocols {
		for _, method := range []string{http.MethodPost, http.MethodHead, http.MethodPatch} {
			for _, status := range []int{http.StatusConflict, http.StatusLocked} {
				for _, inline := range []int64{0, -1} {
					t.Run(fmt.Sprintf("%s %s %d inline %d", name, method, status, inline), func(t *testing.T) {
						t.Parallel()
						ctx, cancel := context.WithCancel(t.Context())
						defer cancel()
						busy := busyServer(name, method, status, inline == 0)
						var p *peer
						p = newPeer(t, func(w http.ResponseWriter, r *http.Request) {
							if len(p.seen()) > most {
								cancel() // so that an endless upload ends the test
							}
							busy(w, r)
						})
						c := p.client(t, client.Config{Protocol: name, InlineSize: inline, Retry: waits, Locked: waits})
						_, err := c.Upload(ctx, client.Bytes(make([]byte, 100)), nil)
						e, ok := errors.AsType[*client.Error](err)
						isFinal := method == http.MethodPost && status == http.StatusConflict && p.count(http.MethodPatch) == 0
						if !ok || e.StatusCode != status || errors.Is(err, retry.ErrExhausted) == isFinal {
							t.Errorf("error %v, want one with the status %d, and ErrExhausted %t", err, status, !isFinal)
						}
						if n := len(p.seen()); n > most {
							t.Errorf("%d requests %v, want at most %d", n, p.seen(), most)
						}
					})
				}
			}
		}
	}
}

// busyServer returns a server that keeps no byte of an upload, and answers a method with the
// status. In the IETF's protocol it can announce the upload in a 104. A creation that it announced
// breaks off, and is busy only at the next requests.
func busyServer(name, method string, status int, announce bool) http.HandlerFunc {
	sign := []string{rufh.HeaderUploadComplete, "?0"}
	switch name {
	case "tus":
		sign, announce = []string{protocol.HeaderResumable, "1.0.0"}, false
	case "rufh/3":
		sign = []string{rufh.HeaderUploadIncomplete, "?1"}
	}
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && announce {
			respond(w, r, rufh.StatusResumptionSupported, "Location", "/1")
		}
		drain(r)
		switch {
		case r.Method == method, method == http.MethodPost && r.Method == http.MethodPatch:
			respond(w, r, status, append(sign, rufh.HeaderUploadOffset, "0")...)
		case r.Method == http.MethodHead:
			respond(w, r, http.StatusOK, append(sign, rufh.HeaderUploadOffset, "0", rufh.HeaderUploadLength, "100")...)
		case r.Method == http.MethodPost && !announce:
			respond(w, r, http.StatusCreated, append(sign, "Location", "/1")...)
		default:
			panic(http.ErrAbortHandler)
		}
	}
}
