// Package layers adds extensions of tus 1.0.0 that tusd lacks to tusd: checksum,
// checksum-trailer, expiration and concatenation-unfinished.
//
// A [Store] is a store for tusd, and [Store.Wrap] adds the headers of the
// extensions to the requests and answers of that tusd.
package layers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver/internal/httpmsg"
)

// Config selects the extensions. The zero value selects none.
type Config struct {
	Checksum         []string      // names of [ChecksumAlgorithms] in the announced order; nil: no checksums
	ChecksumTrailer  bool          // requires Checksum
	Expiration       time.Duration // from the creation of an upload; 0: no expiration
	ExpiresUnix      bool          // Upload-Expires in seconds since 1970 instead of a date
	ConcatUnfinished bool          // requires the concatenation extension of tusd
}

// Enabled reports whether cfg selects an extension.
func (cfg Config) Enabled() bool {
	return len(cfg.Checksum) > 0 || cfg.Expiration > 0 || cfg.ConcatUnfinished
}

// extensions lists the elements that the layers add to Tus-Extension.
func (cfg Config) extensions() []string {
	var list []string
	for _, e := range []struct {
		name protocol.Extension
		on   bool
	}{
		{protocol.ExtensionChecksum, len(cfg.Checksum) > 0},
		{protocol.ExtensionChecksumTrailer, cfg.ChecksumTrailer},
		{protocol.ExtensionExpiration, cfg.Expiration > 0},
		{protocol.ExtensionConcatenationUnfinished, cfg.ConcatUnfinished},
	} {
		if e.on {
			list = append(list, string(e.name))
		}
	}
	return list
}

type requestKey struct{}

// request is the request for which tusd calls its store. It belongs to the
// goroutine of the request.
type request struct {
	id    string      // ID of the upload that the request names or creates; "": none
	post  bool        // creation
	final bool        // creation of a final upload
	check *chunkCheck // nil: the body has no checksum
}

// requestOf returns the request of ctx. Without a request in ctx, it
// returns the zero value, which is about no upload.
func requestOf(ctx context.Context) *request {
	if req, ok := ctx.Value(requestKey{}).(*request); ok {
		return req
	}
	return new(request)
}

// Wrap adds the HTTP side of the layers to tusd.
func (s *Store) Wrap(tusd http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		verb := httpmsg.Method(r)
		concat := r.Header.Get(protocol.HeaderUploadConcat)
		req := &request{
			id:    strings.Trim(r.URL.Path, "/"),
			post:  verb == http.MethodPost,
			final: verb == http.MethodPost && strings.HasPrefix(concat, "final;"),
			check: newChunkCheck(r, s.cfg),
		}
		ctx := context.WithValue(r.Context(), requestKey{}, req)
		r = r.WithContext(ctx)
		if req.check != nil {
			req.check.body.ReadCloser = r.Body
			r.Body = req.check.body
		}
		edited := &httpmsg.HeaderEditor{ResponseWriter: w, Edit: func(h http.Header) { s.editHeader(ctx, verb, req.id, h) }}
		tusd.ServeHTTP(edited, r)
		edited.Finish()
	})
}

// editHeader adds the headers of the layers to tusd's answer.
func (s *Store) editHeader(ctx context.Context, verb, id string, h http.Header) {
	switch verb {
	case http.MethodOptions:
		s.announce(h)
	case http.MethodHead:
		if s.cfg.ConcatUnfinished {
			hideOffset(h)
		}
		s.setExpires(ctx, id, h)
	case http.MethodPost, http.MethodPatch:
		s.setExpires(ctx, id, h)
	}
}

// announce adds the layers to the answer to OPTIONS.
func (s *Store) announce(h http.Header) {
	list := append([]string{h.Get(protocol.HeaderExtension)}, s.cfg.extensions()...)
	h.Set(protocol.HeaderExtension, strings.Join(list, ","))
	if len(s.cfg.Checksum) > 0 {
		h.Set(protocol.HeaderChecksumAlgorithm, strings.Join(s.cfg.Checksum, ","))
	}
}

// Validate returns an error if the fields of cfg contradict each other.
// concatenation reports whether tusd has the concatenation extension.
func (cfg Config) Validate(concatenation bool) error {
	for i, name := range cfg.Checksum {
		if newHash(name) == nil {
			return fmt.Errorf("checksum algorithm %q: want one of %s", name, strings.Join(ChecksumAlgorithms(), ", "))
		}
		if slices.Contains(cfg.Checksum[:i], name) {
			return fmt.Errorf("checksum algorithm %q: listed twice", name)
		}
	}
	switch {
	case cfg.ChecksumTrailer && len(cfg.Checksum) == 0:
		return errors.New("ChecksumTrailer requires Checksum")
	case cfg.Expiration < 0:
		return fmt.Errorf("expiration %v: want 0 or more", cfg.Expiration)
	case cfg.ConcatUnfinished && !concatenation:
		return errors.New("ConcatUnfinished requires concatenation")
	}
	return nil
}
