package dialecttest

import (
	"net/http"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/engine"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// lost are failures of the network, and of a server that loses bytes.
var lost = []scenario{
	{"connection lost in the middle", Core, func(r *run) {
		r.on("PATCH", fake.Cut(30))
		res, err := r.upload(0)
		r.wantComplete(res, err)
		r.wantRequests("POST", "PATCH", "HEAD", "PATCH")
		r.wantLast(70)
		if res.Retries != 1 {
			r.Errorf("%d retries, want 1", res.Retries)
		}
	}},
	{"answer to the creation lost", Core, func(r *run) {
		r.on("POST", fake.Lose)
		res, err := r.upload(0)
		r.wantComplete(res, err)
		r.wantRequests("POST", "POST", "PATCH")
		if res.Orphans != 1 || r.server.Count() != 2 {
			r.Errorf("%d orphans, %d uploads, want Orphans 1 and Count 2", res.Orphans, r.server.Count())
		}
	}},
	{"answer to the last bytes lost", Core, func(r *run) {
		r.on("PATCH", fake.Lose)
		res, err := r.upload(0)
		r.wantComplete(res, err)
		r.wantConfirmed("POST", "PATCH", "HEAD")
		if !res.Confirmed && !r.front.Replays {
			r.Error("Result.Confirmed is false, want true")
		}
	}},
	{"answer to the last bytes of a stream lost", DeferredLength, func(r *run) {
		r.on("PATCH", fake.Lose)
		spec := r.spec(r.Context(), newStream(), 100)
		res, err := engine.Run(r.Context(), spec)
		r.wantComplete(res, err)
	}},
	{"gone after the last bytes", Core, func(r *run) {
		r.on("PATCH", fake.Lose)
		r.on("HEAD", r.front.Refuse(Gone))
		_, err := r.upload(0)
		r.wantError(err, failure.ClassGone, failure.ErrUncertain)
		r.wantRequests("POST", "PATCH", "HEAD")
		if engine.CannotResume(err) {
			r.Error("CannotResume is true for an upload that may be complete")
		}
	}},
	{"fewer bytes kept", Core, func(r *run) {
		r.on("PATCH", fake.Keep(30))
		res, err := r.upload(0)
		r.wantComplete(res, err)
		if r.front.StrictEnd {
			r.wantRequests("POST", "PATCH", "HEAD", "PATCH")
		} else {
			r.wantRequests("POST", "PATCH", "PATCH")
		}
		r.wantLast(70)
	}},
	{"no bytes kept", Core, func(r *run) {
		r.on("PATCH", fake.Keep(0))
		res, err := r.upload(0)
		r.wantComplete(res, err)
		r.wantRequests("POST", "PATCH", "HEAD", "PATCH")
	}},
	{"offset goes backward", Core, func(r *run) {
		r.on("PATCH", nil, func(_ http.ResponseWriter, req *http.Request, _ http.Handler) {
			r.server.Truncate(req.URL.Path, 10)
			panic(http.ErrAbortHandler)
		})
		res, err := r.upload(40)
		r.wantComplete(res, err)
		r.wantRequests("POST", "PATCH", "PATCH", "HEAD", "PATCH", "PATCH", "PATCH")
		if ev := r.wantEvent(engine.Rewound); ev.Offset != 10 {
			r.Errorf("rewound to %d, want 10", ev.Offset)
		}
	}},
	{"more bytes claimed than were sent", Core, func(r *run) {
		url := r.server.Put(content[:40], protocol.Length{}, nil)
		_, err := r.resume(engine.Adopt{URL: url, Reach: known(20)})
		r.wantError(err, failure.ClassFinal, failure.ErrIntegrity)
		r.wantRequests("HEAD")
	}},
}
