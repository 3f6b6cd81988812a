package testserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/tus/tusd/v2/pkg/filestore"
	"github.com/tus/tusd/v2/pkg/handler"
	"github.com/tus/tusd/v2/pkg/memorylocker"

	"github.com/tusker-go/tusker/testserver/internal/layers"
)

// Handler returns tusd with the extensions that cfg adds, without faults and
// without a request log, for use in the caller's own server. dir is the folder
// of the uploads; it must not be "", and is created if necessary. The paths of
// requests must begin with cfg.BasePath. Handler ignores the fields Dir, Addr,
// TLS, Network, Handler, Wrap, Site, Finished and KeepRequests of cfg.
func Handler(dir string, cfg Config) (http.Handler, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("testserver: %w", err)
	}
	h, _, err := newTusd(dir, cfg, nil)
	if err != nil {
		return nil, fmt.Errorf("testserver: %w", err)
	}
	return h, nil
}

// newTusd returns tusd and its store. finished is called with the ID of each
// upload that tusd completed. nil: no call.
func newTusd(dir string, cfg Config, finished func(id string)) (http.Handler, store, error) {
	if dir == "" {
		return nil, store{}, errors.New("the folder of uploads has no name")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, store{}, err
	}
	st := store{files: filestore.New(dir), locker: readingLocker{memorylocker.New()}, dir: dir, base: cfg.BasePath}
	wrap := func(h http.Handler) http.Handler { return h }
	if added := cfg.layers(); added.Enabled() {
		layered, err := st.addLayers(added)
		if err != nil {
			return nil, store{}, err
		}
		st.files, wrap = layered, layered.Wrap
	}
	composer := handler.NewStoreComposer()
	composer.UseCore(st.files)
	composer.UseContentServer(st.files)
	composer.UseTerminater(st.files)
	composer.UseConcater(st.files)
	if !cfg.DisableDeferLength {
		composer.UseLengthDeferrer(st.files)
	}
	composer.UseLocker(st.locker)

	var beforeAnswer func(handler.HookEvent) (handler.HTTPResponse, error)
	if finished != nil {
		beforeAnswer = func(event handler.HookEvent) (handler.HTTPResponse, error) {
			finished(event.Upload.ID)
			return handler.HTTPResponse{}, nil
		}
	}
	tusd, err := handler.NewHandler(handler.Config{
		StoreComposer:                    composer,
		BasePath:                         cfg.BasePath,
		MaxSize:                          cfg.MaxSize,
		EnableExperimentalProtocol:       cfg.Experimental,
		DisableConcatenation:             cfg.DisableConcatenation,
		DisableTermination:               cfg.DisableTermination,
		Cors:                             corsConfig(),
		RespectForwardedHeaders:          cfg.TrustForwarded,
		PreFinishResponseCallback:        beforeAnswer,
		Logger:                           newBridge(cfg.Logger),
		AcquireLockTimeout:               cfg.AcquireLockTimeout,
		NetworkTimeout:                   cfg.NetworkTimeout,
		GracefulRequestCompletionTimeout: cfg.GracefulTimeout,
	})
	if err != nil {
		return nil, store{}, fmt.Errorf("tusd: %w", err)
	}
	return stripBase(cfg.BasePath, watchBody(wrap(tusd))), st, nil
}

// addLayers returns a store with the extensions of cfg. It resumes the final
// uploads that an earlier run left incomplete.
func (st store) addLayers(cfg layers.Config) (*layers.Store, error) {
	layered := layers.New(filestore.New(st.dir), cfg)
	if !cfg.ConcatUnfinished {
		return layered, nil
	}
	ids, err := st.ids()
	if err != nil {
		return nil, err
	}
	return layered, layered.Resume(context.Background(), ids)
}

// stripBase is [http.StripPrefix] that also accepts base without its last
// slash. A redirect, as from [http.ServeMux], would turn a POST into a GET.
func stripBase(base string, next http.Handler) http.Handler {
	withSlash := http.StripPrefix(base, next)
	trimmed := strings.TrimSuffix(base, "/")
	withoutSlash := http.StripPrefix(trimmed, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == trimmed {
			withoutSlash.ServeHTTP(w, r)
			return
		}
		withSlash.ServeHTTP(w, r)
	})
}

// isBelow reports whether a request with this path is for tusd.
func isBelow(path, base string) bool {
	return strings.HasPrefix(path, base) || path == strings.TrimSuffix(base, "/")
}
