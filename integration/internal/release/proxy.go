package release

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/zip"
)

// Proxy is a module proxy in a folder.
type Proxy struct {
	// Dir is the folder, an absolute path.
	Dir string
}

// URL returns the value for GOPROXY.
func (p Proxy) URL() string {
	dir := filepath.ToSlash(p.Dir)
	if !strings.HasPrefix(dir, "/") {
		dir = "/" + dir
	}
	return "file://" + dir
}

// Add packs the module m from the revision rev of the repository in the folder
// repo, like the go command does. It returns the lines for go.sum about the module.
func (p Proxy) Add(ctx context.Context, repo string, m Module, version, rev string) (map[module.Version]string, error) {
	escaped, err := module.EscapePath(m.Path)
	if err != nil {
		return nil, fmt.Errorf("pack %s: %w", m.Path, err)
	}
	dir := filepath.Join(p.Dir, filepath.FromSlash(escaped), "@v")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("pack %s: %w", m.Path, err)
	}

	gomod, err := run(ctx, repo, nil, "git", "show", rev+":"+m.Dir+"/go.mod")
	if err != nil {
		return nil, fmt.Errorf("pack %s: %w", m.Path, err)
	}
	committed, err := run(ctx, repo, nil, "git", "log", "-1", "--format=%cI", rev)
	if err != nil {
		return nil, fmt.Errorf("pack %s: %w", m.Path, err)
	}
	when, err := time.Parse(time.RFC3339, strings.TrimSpace(committed))
	if err != nil {
		return nil, fmt.Errorf("pack %s: %w", m.Path, err)
	}
	hash, err := run(ctx, repo, nil, "git", "rev-parse", rev+"^{commit}")
	if err != nil {
		return nil, fmt.Errorf("pack %s: %w", m.Path, err)
	}
	type origin struct{ Hash string }
	info, err := json.Marshal(struct {
		Version string
		Time    time.Time
		Origin  origin
	}{version, when.UTC(), origin{strings.TrimSpace(hash)}})
	if err != nil {
		return nil, fmt.Errorf("pack %s: %w", m.Path, err)
	}
	var archive bytes.Buffer
	if err := zip.CreateFromVCS(&archive, m.At(version), repo, rev, m.Dir); err != nil {
		return nil, fmt.Errorf("pack %s: %w", m.Path, err)
	}

	for name, data := range map[string][]byte{
		"list":            []byte(version + "\n"),
		version + ".mod":  []byte(gomod),
		version + ".info": info,
		version + ".zip":  archive.Bytes(),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return nil, fmt.Errorf("pack %s: %w", m.Path, err)
		}
	}
	return sums(m.At(version), filepath.Join(dir, version+".zip"), gomod)
}

func sums(m module.Version, archive, gomod string) (map[module.Version]string, error) {
	whole, err := dirhash.HashZip(archive, dirhash.Hash1)
	if err != nil {
		return nil, fmt.Errorf("hash %s: %w", m, err)
	}
	alone, err := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(gomod)), nil
	})
	if err != nil {
		return nil, fmt.Errorf("hash %s: %w", m, err)
	}
	return map[module.Version]string{
		m: whole,
		{Path: m.Path, Version: m.Version + "/go.mod"}: alone,
	}, nil
}
