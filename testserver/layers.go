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

// layered tells whether cfg asks for an extension that tusd has not.
func (cfg Config) layered() bool {
	return len(cfg.Checksum) > 0 || cfg.Expiration > 0 || cfg.ConcatUnfinished
}

// extensions lists what the layers add to Tus-Extension.
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

// cors lets pages of other origins use the headers of the layers.
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

// layerRequest is what the layers have to know of a request where tusd calls
// its store. It belongs to the goroutine of the request.
type layerRequest struct {
	id    string      // the upload that it names, or creates; "": none
	post  bool        // it creates one
	final bool        // it creates one of others
	check *chunkCheck // nil: its body comes without a checksum
}

// layerRequestOf returns the request that tusd calls its store for. Without
// one it returns the zero value, which is about no upload.
func layerRequestOf(ctx context.Context) *layerRequest {
	if req, ok := ctx.Value(layerKey{}).(*layerRequest); ok {
		return req
	}
	return new(layerRequest)
}

// around puts the HTTP side of the layers around tusd.
func (s *layeredStore) around(tusd http.Handler) http.Handler {
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
		edited := &editedReply{ResponseWriter: w, edit: func(h http.Header) { s.edit(ctx, verb, req.id, h) }}
		tusd.ServeHTTP(edited, r)
		edited.finish()
	})
}

// edit makes tusd's answer about an upload that of the layers.
func (s *layeredStore) edit(ctx context.Context, verb, id string, h http.Header) {
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

// announce adds the layers to what tusd says of itself.
func (s *layeredStore) announce(h http.Header) {
	list := append([]string{h.Get(protocol.HeaderExtension)}, s.cfg.extensions()...)
	h.Set(protocol.HeaderExtension, strings.Join(list, ","))
	if len(s.cfg.Checksum) > 0 {
		h.Set(protocol.HeaderChecksumAlgorithm, strings.Join(s.cfg.Checksum, ","))
	}
}

// checkLayers tells what is wrong with the fields of cfg for the layers.
func (cfg Config) checkLayers() error {
	for i, name := range cfg.Checksum {
		if newHash(name) == nil {
			return fmt.Errorf("checksum algorithm %q: want one of %s", name, strings.Join(ChecksumAlgorithms(), ", "))
		}
		if slices.Contains(cfg.Checksum[:i], name) {
			return fmt.Errorf("checksum algorithm %q: named twice", name)
		}
	}
	switch {
	case cfg.ChecksumTrailer && len(cfg.Checksum) == 0:
		return errors.New("checksum trailer: want Checksum as well")
	case cfg.Expiration < 0:
		return fmt.Errorf("expiration %v: want 0 or more", cfg.Expiration)
	case cfg.ConcatUnfinished && cfg.DisableConcatenation:
		return errors.New("unfinished concatenation: want concatenation as well")
	}
	return nil
}
