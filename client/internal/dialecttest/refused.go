package dialecttest

import (
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/fake"
)

// refused are answers of a server that refuses a request.
var refused = []scenario{
	{"offset conflict", Core, func(r *run) {
		r.on("PATCH", r.front.Refuse(Conflict))
		res, err := r.upload(0)
		r.wantComplete(res, err)
		r.wantRequests("POST", "PATCH", "HEAD", "PATCH")
	}},
	// A server that refuses the offset that it has just confirmed is busy with an older
	// request.
	{"offset conflict again", Core, func(r *run) {
		r.on("PATCH", r.front.Refuse(Conflict), r.front.Refuse(Conflict))
		res, err := r.upload(0)
		r.wantComplete(res, err)
		r.wantRequests("POST", "PATCH", "HEAD", "PATCH", "HEAD", "PATCH")
		r.wantWaited(lockWait)
	}},
	{"locked", Core, func(r *run) {
		r.on("PATCH", fake.Cut(30))
		r.on("HEAD", r.front.Refuse(Locked))
		res, err := r.upload(0)
		r.wantComplete(res, err)
		r.wantRequests("POST", "PATCH", "HEAD", "HEAD", "PATCH")
		r.wantWaited(lockWait)
	}},
	{"busy", Core, func(r *run) {
		r.on("PATCH", r.front.Refuse(Busy))
		res, err := r.upload(0)
		r.wantComplete(res, err)
		r.wantRequests("POST", "PATCH", "HEAD", "PATCH")
		r.wantWaited(BusyFor * time.Second)
	}},
	{"busy at the creation", Core, func(r *run) {
		r.on("POST", r.front.Refuse(Busy))
		res, err := r.upload(0)
		r.wantComplete(res, err)
		r.wantRequests("POST", "POST", "PATCH")
		r.wantWaited(BusyFor * time.Second)
	}},
	{"server failed", Core, func(r *run) {
		r.on("PATCH", nil, r.front.Refuse(Failed))
		r.on("HEAD", r.front.Refuse(Failed))
		res, err := r.upload(40)
		r.wantComplete(res, err)
		r.wantRequests("POST", "PATCH", "PATCH", "HEAD", "HEAD", "PATCH", "PATCH")
	}},
	{"denied", Core, func(r *run) {
		r.on("PATCH", nil, r.front.Refuse(Denied))
		res, err := r.upload(40)
		r.wantError(err, failure.ClassFinal)
		r.wantRequests("POST", "PATCH", "PATCH")
		if res.Offset != 40 || res.URL == "" {
			r.Errorf("stopped at %d of %q, want Offset 40 and URL not empty", res.Offset, res.URL)
		}
	}},
	{"creation denied", Core, func(r *run) {
		r.on("POST", r.front.Refuse(Denied))
		res, err := r.upload(0)
		r.wantError(err, failure.ClassFinal)
		r.wantRequests("POST")
		if res.URL != "" || res.Orphans != 0 {
			r.Errorf("URL %q, %d orphans, want URL \"\" and Orphans 0", res.URL, res.Orphans)
		}
	}},
	{"upload rejected at its last bytes", Core, func(r *run) {
		r.on("PATCH", r.front.Refuse(Rejected))
		res, err := r.upload(0)
		r.wantError(err, failure.ClassFinal, failure.ErrRefused)
		r.wantRequests("POST", "PATCH")
		if !res.Denial.Refused {
			r.Error("the result does not keep the refusal for a later run")
		}
	}},
}
