package testserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tus/tusd/v2/pkg/handler"

	"github.com/tusker-go/tusker/protocol"
)

// hasLayers reports whether cfg enables an extension that tusd lacks.
func (cfg Config) hasLayers() bool {
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

// cors allows pages of other origins to use the headers of the layers.
func (cfg Config) cors() *handler.CorsConfig {
	cors := handler.DefaultCorsConfig
	if len(cfg.Checksum) > 0 {
		cors.AllowHeaders += ", " + protocol.HeaderUploadChecksum
		cors.ExposeHeaders += ", " + protocol.HeaderChecksumAlgorithm
	}
	if cfg.Expiration > 0 {
		cors.ExposeHeaders += ", " + protocol.HeaderUploadExpires
	}
	return &cors
}

type layerKey struct{}

// layerRequest is the request for which tusd calls its store. It belongs to the
// goroutine of the request.
type layerRequest struct {
	id    string      // ID of the upload that the request names or creates; "": none
	post  bool        // creation
	final bool        // creation of a final upload
	check *chunkCheck // nil: the body has no checksum
}

// layerRequestOf returns the request of ctx. Without a request in ctx, it
// returns the zero value, which is about no upload.
func layerRequestOf(ctx context.Context) *layerRequest {
	if req, ok := ctx.Value(layerKey{}).(*layerRequest); ok {
		return req
	}
	return new(layerRequest)
}

// wrap adds the HTTP side of the layers to tusd.
func (s *layeredStore) wrap(tusd http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		verb := method(r)
		concat := r.Header.Get(protocol.HeaderUploadConcat)
		req := &layerRequest{
			id:    strings.Trim(r.URL.Path, "/"),
			post:  verb == http.MethodPost,
			final: verb == http.MethodPost && strings.HasPrefix(concat, "final;"),
			check: newChunkCheck(r, s.cfg),
		}
		ctx := context.WithValue(r.Context(), layerKey{}, req)
		r = r.WithContext(ctx)
		if req.check != nil {
			req.check.body.ReadCloser = r.Body
			r.Body = req.check.body
		}
		edited := &editedReply{ResponseWriter: w, edit: func(h http.Header) { s.editHeader(ctx, verb, req.id, h) }}
		tusd.ServeHTTP(edited, r)
		edited.finish()
	})
}

// editHeader adds the headers of the layers to tusd's answer.
func (s *layeredStore) editHeader(ctx context.Context, verb, id string, h http.Header) {
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
func (s *layeredStore) announce(h http.Header) {
	list := append([]string{h.Get(protocol.HeaderExtension)}, s.cfg.extensions()...)
	h.Set(protocol.HeaderExtension, strings.Join(list, ","))
	if len(s.cfg.Checksum) > 0 {
		h.Set(protocol.HeaderChecksumAlgorithm, strings.Join(s.cfg.Checksum, ","))
	}
}

// checkLayers returns an error if the fields of cfg for the layers contradict
// each other.
func (cfg Config) checkLayers() error {
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
	case cfg.ConcatUnfinished && cfg.DisableConcatenation:
		return errors.New("ConcatUnfinished requires concatenation")
	}
	return nil
}
