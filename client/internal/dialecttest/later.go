package dialecttest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/dialect"
	"github.com/tusker-go/tusker/client/internal/engine"
	"github.com/tusker-go/tusker/client/internal/record"
	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
)

// later are uploads that exist before the run: of an earlier run, or of another program.
var later = []scenario{
	{"canceled, then resumed from a record", Core, func(r *run) {
		store := new(journal.MemoryStore)
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		r.on("PATCH", nil, func(_ http.ResponseWriter, req *http.Request, _ http.Handler) {
			_, _ = io.CopyN(io.Discard, req.Body, 1)
			cancel()
			_, _ = io.Copy(io.Discard, req.Body) // until the client closes the connection
			panic(http.ErrAbortHandler)
		})
		_, _, err := r.recorded(ctx, store)
		if !errors.Is(err, context.Canceled) {
			r.Fatalf("error %v, want %v", err, context.Canceled)
		}
		r.wantRequests("POST", "PATCH", "PATCH")

		found, res, err := r.recorded(r.Context(), store)
		r.wantComplete(res, err)
		if !found || res.Resumed != 40 {
			r.Errorf("record found: %t, resumed at %d, want true and Resumed 40", found, res.Resumed)
		}
		r.wantRequests("POST", "PATCH", "PATCH", "HEAD", "PATCH", "PATCH")
	}},
	{"resumed without a record", Core, func(r *run) {
		url := r.server.Put(content[:70], known(100), nil)
		res, err := r.resume(engine.Adopt{URL: url})
		r.wantComplete(res, err)
		r.wantRequests("HEAD", "PATCH")
		r.wantLast(30)
	}},
	{"complete before", Core, func(r *run) {
		url := r.server.Put(content, known(100), nil)
		res, err := r.resume(engine.Adopt{URL: url})
		r.wantComplete(res, err)
		r.wantConfirmed("HEAD")
	}},
	{"gone before", Core, func(r *run) {
		r.on("HEAD", r.front.Refuse(Gone))
		_, err := r.resume(engine.Adopt{URL: r.server.URL + "9"})
		r.wantError(err, failure.ClassGone)
		r.wantRequests("HEAD")
		if !engine.CannotResume(err) {
			r.Error("CannotResume is false, want true")
		}
	}},
	{"gone meanwhile", Core, func(r *run) {
		url := r.server.Put(content[:70], known(100), nil)
		r.on("HEAD", nil, r.front.Refuse(Gone))
		r.on("PATCH", r.front.Refuse(Gone))
		_, err := r.resume(engine.Adopt{URL: url})
		r.wantError(err, failure.ClassGone, failure.ErrUncertain)
		r.wantRequests("HEAD", "PATCH", "HEAD")
	}},
	{"of another length", Core, func(r *run) {
		url := r.server.Put(content[:70], known(90), nil)
		_, err := r.resume(engine.Adopt{URL: url})
		r.wantError(err, failure.ClassFinal, failure.ErrLengthMismatch)
		r.wantRequests("HEAD")
	}},
	{"deleted", Removal, func(r *run) {
		remover, _ := driver[dialect.Remover](r)
		url := r.server.Put(content[:70], known(100), nil)
		if err := remover.Remove(r.Context(), url); err != nil {
			r.Fatal(err)
		}
		if r.server.Has(url) {
			r.Error("the upload still exists")
		}
		r.wantError(remover.Remove(r.Context(), url), failure.ClassGone)
	}},
}

// recorded sends content in chunks of 40 bytes, and keeps a record in store. It reports
// whether there was a record before.
func (r *run) recorded(ctx context.Context, store journal.Store) (found bool, res engine.Result, err error) {
	r.Helper()
	keeper, ctx, err := record.Open(ctx, store, r.rules.Log, record.Upload{Key: "content", Endpoint: r.server.URL, Length: 100})
	if err != nil {
		r.Fatal(err)
	}
	defer keeper.Close(ctx)
	spec := r.spec(ctx, source.Bytes([]byte(content)), 40)
	earlier, found := keeper.Earlier()
	if found {
		spec.Adopt = engine.Adopt{URL: earlier.URL, Reach: earlier.Reach, Uncertain: earlier.Uncertain, Expires: earlier.Expires, Denial: earlier.Denial}
	}
	spec.Tell = engine.Tell(spec.Tell, keeper.Hear)
	spec.MarkLast = true
	res, err = engine.Run(ctx, spec)
	return found, res, err
}

func known(n int64) protocol.Length { return protocol.Known(n) }

func newStream() source.Source { return source.Stream(strings.NewReader(content), nil) }
