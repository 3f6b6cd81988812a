package dialecttest

import (
	"strings"

	"github.com/tusker-go/tusker/client/internal/dialect"
	"github.com/tusker-go/tusker/client/internal/engine"
	"github.com/tusker-go/tusker/client/internal/parts"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
)

// healthy are the uploads that meet no failure.
var healthy = []scenario{
	{"one request", Core, func(r *run) {
		res, err := r.upload(0)
		r.wantComplete(res, err)
		r.wantRequests("POST", "PATCH")
		if res.Retries != 0 || res.Sent != 100 || res.Confirmed {
			r.Errorf("%d retries, %d bytes sent, confirmed: %t, want Retries 0, Sent 100 and Confirmed false", res.Retries, res.Sent, res.Confirmed)
		}
	}},
	{"chunks", Core, func(r *run) {
		res, err := r.upload(40)
		r.wantComplete(res, err)
		r.wantRequests("POST", "PATCH", "PATCH", "PATCH")
		r.wantLast(20)
	}},
	{"exactly one chunk", Core, func(r *run) {
		res, err := r.upload(100)
		r.wantComplete(res, err)
		r.wantRequests("POST", "PATCH")
	}},
	{"one byte over a chunk", Core, func(r *run) {
		res, err := r.upload(99)
		r.wantComplete(res, err)
		r.wantRequests("POST", "PATCH", "PATCH")
		r.wantLast(1)
	}},
	{"empty", Core, func(r *run) {
		res, err := engine.Run(r.Context(), r.spec(r.Context(), source.Bytes(nil), 0))
		if err != nil {
			r.Fatal(err)
		}
		r.wantStored(res.URL, "")
		r.wantRequests("POST")
	}},
	{"stream of unknown length", DeferredLength, func(r *run) {
		res, err := engine.Run(r.Context(), r.spec(r.Context(), source.Stream(strings.NewReader(content), nil), 40))
		r.wantComplete(res, err)
		r.wantRequests("POST", "PATCH", "PATCH", "PATCH")
		if res.Length != protocol.Known(100) {
			r.Errorf("length %v, want %v", res.Length, protocol.Known(100))
		}
	}},
	{"empty stream", DeferredLength, func(r *run) {
		res, err := engine.Run(r.Context(), r.spec(r.Context(), source.Stream(strings.NewReader(""), nil), 40))
		if err != nil {
			r.Fatal(err)
		}
		r.wantStored(res.URL, "")
	}},
	{"features", Discovery, func(r *run) {
		d, _ := driver[dialect.Discoverer](r)
		if _, known := d.Known(); known && !r.front.Known {
			r.Error("features are known before the first request")
		}
		f, err := d.Discover(r.Context(), r.server.URL, true)
		if err != nil || f.Silent != nil {
			r.Fatal(err, f.Silent)
		}
		if _, lacking := r.front.Lacks[DeferredLength]; f.DeferLength == lacking {
			r.Errorf("deferred lengths: %t, missing in the protocol: %t", f.DeferLength, lacking)
		}
		if _, lacking := r.front.Lacks[Joining]; f.Join == lacking {
			r.Errorf("joins of uploads: %t, missing in the protocol: %t", f.Join, lacking)
		}
		if again, known := d.Known(); !known || again != f {
			r.Errorf("features %+v are known after the upload, want %+v", again, f)
		}
	}},
	{"parts", Joining, func(r *run) {
		joiner, d := driver[dialect.Joiner](r)
		var urls []string
		for _, half := range []string{content[:50], content[50:]} {
			spec := r.spec(r.Context(), source.Bytes([]byte(half)), 0)
			spec.Dialect, spec.Creation.Part = joiner.Part(), true
			res, err := engine.Run(r.Context(), spec)
			if err != nil {
				r.Fatal(err)
			}
			urls = append(urls, res.URL)
		}
		res, _, err := parts.Join{Rules: r.rules, Dialect: d, Endpoint: r.server.URL}.Do(r.Context(), urls)
		if err != nil {
			r.Fatal(err)
		}
		r.wantStored(res.URL, content)
	}},
}
