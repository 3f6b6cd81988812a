package filestore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

const (
	serverSuffix = ".server"

	// serverVersion is that of the format in the package comment.
	serverVersion = 1

	// maxServer is the most bytes that a server's file may have.
	maxServer = 64 << 10

	// serverAge is the age from which on nobody goes by a server's file.
	serverAge = 24 * time.Hour
)

// serverJSON is the content of a server's file. Other programs read these names.
type serverJSON struct {
	Version    int                  `json:"version"`
	Asked      time.Time            `json:"asked"`
	Versions   []string             `json:"versions,omitempty"`
	Extensions []protocol.Extension `json:"extensions,omitempty"`
	Algorithms []string             `json:"algorithms,omitempty"`
	Max        *int64               `json:"max,omitempty"`
}

func serverName(endpoint string) string { return hashName(endpoint, serverSuffix) }

// hashName hides the endpoint, whose query may be a secret.
func hashName(endpoint, suffix string) string {
	sum := sha256.Sum256([]byte(endpoint))
	return hex.EncodeToString(sum[:]) + suffix
}

// isHashName tells names that hashName makes from those of other programs.
func isHashName(name, suffix string) bool {
	hash, ok := strings.CutSuffix(name, suffix)
	return ok && len(hash) == 2*sha256.Size && !strings.ContainsFunc(hash, func(r rune) bool {
		return (r < 'a' || r > 'f') && (r < '0' || r > '9')
	})
}

// LoadCapabilities is that of client.CapabilityStore. What is damaged, or of a
// newer version, counts as not there: the error Is client.ErrNoRecord.
func (s *Store) LoadCapabilities(ctx context.Context, endpoint string) (protocol.Capabilities, time.Time, error) {
	caps, asked, err := s.loadServer(ctx, serverName(endpoint))
	if err != nil {
		return protocol.Capabilities{}, time.Time{}, fmt.Errorf("filestore: load capabilities in %s: %w", s.dir, err)
	}
	return caps, asked, nil
}

// SaveCapabilities is that of client.CapabilityStore. It does not wait for the
// disk: after a crash the old file, the new one, or neither may be there.
func (s *Store) SaveCapabilities(ctx context.Context, endpoint string, caps protocol.Capabilities, asked time.Time) error {
	if err := s.saveServer(ctx, serverName(endpoint), caps, asked); err != nil {
		return fmt.Errorf("filestore: save capabilities in %s: %w", s.dir, err)
	}
	return nil
}

func (s *Store) loadServer(ctx context.Context, name string) (caps protocol.Capabilities, asked time.Time, err error) {
	root, err := s.open(ctx)
	if err != nil {
		return caps, asked, err
	}
	defer func() { _ = root.Close() }()
	info, err := root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return caps, asked, client.ErrNoRecord
	}
	if err != nil {
		return caps, asked, err
	}
	// Links are not followed, and opening a pipe may take for ever.
	if !info.Mode().IsRegular() {
		return caps, asked, fmt.Errorf("%w: %s is not a regular file", client.ErrNoRecord, name)
	}
	b, _, err := readFile(root, name)
	if errors.Is(err, fs.ErrNotExist) {
		return caps, asked, client.ErrNoRecord
	}
	if err != nil {
		return caps, asked, err
	}
	return decodeServer(b)
}

func (s *Store) saveServer(ctx context.Context, name string, caps protocol.Capabilities, asked time.Time) error {
	b, err := encodeServer(caps, asked)
	if err != nil {
		return err
	}
	root, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	return swap(root, name, b, func(*os.File) error { return nil })
}

func encodeServer(caps protocol.Capabilities, asked time.Time) ([]byte, error) {
	e := serverJSON{
		Version: serverVersion, Asked: asked.UTC(),
		Versions: caps.Versions, Extensions: caps.Extensions, Algorithms: caps.ChecksumAlgorithms,
	}
	if n, known := caps.MaxSize.Int64(); known {
		e.Max = &n
	}
	b, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return nil, err
	}
	if b = append(b, '\n'); len(b) > maxServer {
		return nil, fmt.Errorf("%w: %d bytes, more than %d", client.ErrInvalidRecord, len(b), maxServer)
	}
	return b, nil
}

// decodeServer is the reverse of encodeServer. The error Is ErrNoRecord.
func decodeServer(b []byte) (protocol.Capabilities, time.Time, error) {
	useless := func(format string, args ...any) (protocol.Capabilities, time.Time, error) {
		return protocol.Capabilities{}, time.Time{}, fmt.Errorf("%w: "+format, append([]any{client.ErrNoRecord}, args...)...)
	}
	if len(b) > maxServer {
		return useless("more than %d bytes", maxServer)
	}
	var e serverJSON
	if err := json.Unmarshal(b, &e); err != nil {
		return useless("%w", err)
	}
	if e.Version != serverVersion {
		return useless("version %d, and this is %d", e.Version, serverVersion)
	}
	caps := protocol.Capabilities{Versions: e.Versions, Extensions: e.Extensions, ChecksumAlgorithms: e.Algorithms}
	if e.Max != nil {
		if *e.Max < 0 {
			return useless("largest upload of %d bytes", *e.Max)
		}
		caps.MaxSize = protocol.Known(*e.Max)
	}
	return caps, e.Asked.UTC(), nil
}
