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

// Handler returns tusd itself, without faults and without a record of
// requests, to be mounted in a server of the caller's. Uploads are kept in
// dir, which must not be empty and is made if it does not exist. The handler
// expects request paths with cfg.BasePath; the fields of cfg that concern
// listening (Dir, Addr, TLS, TLSConfig, Network), Wrap and KeepRequests have
// no effect.
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
	files := filestore.New(dir)
	composer := handler.NewStoreComposer()
	composer.UseCore(files)
	composer.UseContentServer(files)
	composer.UseTerminater(files)
	composer.UseConcater(files)
	if !cfg.DisableDeferLength {
		composer.UseLengthDeferrer(files)
	}
	locker := orderly{memorylocker.New()}
	composer.UseLocker(locker)

	tusd, err := handler.NewHandler(handler.Config{
		StoreComposer:                    composer,
		BasePath:                         cfg.BasePath,
		MaxSize:                          cfg.MaxSize,
		DisableConcatenation:             cfg.DisableConcatenation,
		DisableTermination:               cfg.DisableTermination,
		RespectForwardedHeaders:          cfg.TrustForwarded,
		Logger:                           newBridge(cfg.Logger),
		AcquireLockTimeout:               cfg.AcquireLockTimeout,
		NetworkTimeout:                   cfg.NetworkTimeout,
		GracefulRequestCompletionTimeout: cfg.GracefulTimeout,
	})
	if err != nil {
		return nil, store{}, fmt.Errorf("tusd: %w", err)
	}
	return stripBase(cfg.BasePath, watchBody(tusd)), store{files: files, locker: locker, dir: dir, base: cfg.BasePath}, nil
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
