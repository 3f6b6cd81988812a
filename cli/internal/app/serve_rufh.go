package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/tusker-go/tusker/cli/internal/faults"
	"github.com/tusker-go/tusker/cli/internal/inbox"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/testserver/rufhserver"
)

// newestVersion is the value of --rufh without one.
var newestVersion = strconv.Itoa(int(rufh.Newest))

// The server sends a 104 after this number of bytes, and after this time.
const (
	progressBytes = 1 << 20
	progressTime  = time.Second
)

// serveRUFH runs a server for the IETF's protocol.
func serveRUFH(ctx context.Context, a *app, s *serve, dir string) error {
	if s.keepNames {
		return usage.Error(errors.New("--keep-names is for tus: with --rufh, uploads are always stored under their own names"))
	}
	versions, err := parseVersions(s.rufh)
	if err != nil {
		return usage.Error(fmt.Errorf("--rufh: %w", err))
	}
	injected, err := parseFaults(s.faults, faults.RUFH)
	if err != nil {
		return err
	}
	cfg := rufhserver.Config{
		Server: testserver.Config{
			Addr: s.addr, TLS: s.secure(), Logger: a.console.Log,
			KeepRequests: 1, // The command does not use them.
			Wrap:         func(next http.Handler) http.Handler { return logRequests(next, a.console.Log) },
		},
		Versions: versions, Progress: progressBytes, Interval: progressTime, Limits: protocol.Limits{MaxUpload: int64(s.maxSize)},
	}
	if dir != "" {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		cfg.Target = storing(dir, a.console.Log)
	}
	server, err := rufhserver.Start(cfg) //nolint:contextcheck // Close ends the server.
	if err != nil {
		return err
	}
	defer server.Close()
	return runServer(ctx, a, server.Server, injected)
}

// parseVersions parses interop versions with commas between them.
func parseVersions(list string) ([]rufh.Version, error) {
	var versions []rufh.Version
	for word := range strings.SplitSeq(list, ",") {
		n, err := strconv.ParseUint(strings.TrimSpace(word), 10, 8)
		if err != nil || !rufh.Version(n).Valid() {
			return nil, fmt.Errorf("%q is not an interop version from %d to %d", word, rufh.Oldest, rufh.Newest)
		}
		versions = append(versions, rufh.Version(n))
	}
	return versions, nil
}

// storing returns a target that stores representations in dir.
func storing(dir string, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost && r.Method != http.MethodPut {
			w.Header().Set("Allow", "OPTIONS, POST, PUT")
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		kept, err := storeBody(dir, r)
		if err != nil {
			log.Error("an upload is not stored", "path", r.URL.Path, "err", err)
			http.Error(w, "the upload is not stored", http.StatusInternalServerError)
			return
		}
		log.Info("stored", "file", kept)
		w.WriteHeader(http.StatusCreated)
	})
}

// storeBody stores the content of r in dir, under the name in its Content-Disposition. A name
// that is taken gets a number.
func storeBody(dir string, r *http.Request) (kept string, err error) {
	f, err := os.CreateTemp(dir, "upload-*")
	if err != nil {
		return "", err
	}
	_, params, _ := mime.ParseMediaType(r.Header.Get("Content-Disposition"))
	_, err = io.Copy(f, r.Body)
	if err = errors.Join(err, f.Close()); err == nil && params["filename"] == "" {
		return f.Name(), nil
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	if err != nil {
		return "", err
	}
	return inbox.Add(dir, f.Name(), protocol.Metadata{"filename": params["filename"]})
}
