package testserver

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/tus/tusd/v2/pkg/filestore"
	"github.com/tus/tusd/v2/pkg/handler"
	"github.com/tus/tusd/v2/pkg/memorylocker"
)

// Handler returns tusd itself, with the extensions that cfg adds to it, without
// faults and without a record of requests, to be mounted in a server of the
// caller's. Uploads are kept in dir, which must not be empty and is made if it
// does not exist. The handler expects request paths with cfg.BasePath; the
// fields of cfg that concern listening (Dir, Addr, TLS, Network), Wrap and
// KeepRequests have no effect.
func Handler(dir string, cfg Config) (http.Handler, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("testserver: %w", err)
	}
	h, _, err := newTusd(dir, cfg)
	if err != nil {
		return nil, fmt.Errorf("testserver: %w", err)
	}
	return h, nil
}

func newTusd(dir string, cfg Config) (http.Handler, store, error) {
	if dir == "" {
		return nil, store{}, errors.New("no folder to keep uploads in")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, store{}, err
	}
	st := store{files: filestore.New(dir), locker: orderly{memorylocker.New()}, dir: dir, base: cfg.BasePath}
	around := func(h http.Handler) http.Handler { return h }
	var cors *handler.CorsConfig
	if cfg.layered() {
		layers := newLayeredStore(filestore.New(dir), cfg)
		if err := st.resume(layers); err != nil {
			return nil, store{}, err
		}
		st.files, around, cors = layers, layers.around, cfg.cors()
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

	tusd, err := handler.NewHandler(handler.Config{
		StoreComposer:                    composer,
		BasePath:                         cfg.BasePath,
		MaxSize:                          cfg.MaxSize,
		DisableConcatenation:             cfg.DisableConcatenation,
		DisableTermination:               cfg.DisableTermination,
		Cors:                             cors,
		RespectForwardedHeaders:          cfg.TrustForwarded,
		Logger:                           newBridge(cfg.Logger),
		AcquireLockTimeout:               cfg.AcquireLockTimeout,
		NetworkTimeout:                   cfg.NetworkTimeout,
		GracefulRequestCompletionTimeout: cfg.GracefulTimeout,
	})
	if err != nil {
		return nil, store{}, fmt.Errorf("tusd: %w", err)
	}
	return stripBase(cfg.BasePath, watchBody(around(tusd))), st, nil
}

// stripBase is [http.StripPrefix] that also takes base without its last
// slash: a redirect, as from [http.ServeMux], would turn a POST into a GET.
func stripBase(base string, next http.Handler) http.Handler {
	long := http.StripPrefix(base, next)
	bare := strings.TrimSuffix(base, "/")
	short := http.StripPrefix(bare, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == bare {
			short.ServeHTTP(w, r)
			return
		}
		long.ServeHTTP(w, r)
	})
}
