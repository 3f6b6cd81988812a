package batch

import (
	"fmt"
	"sync"
	"time"

	"github.com/tusker-go/tusker/cli/internal/manifest"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
)

// manifestWriter adds the files of a run to a manifest. The zero value adds nothing. It is safe
// for concurrent use.
type manifestWriter struct {
	w *manifest.Writer // nil: there is no manifest

	mu  sync.Mutex
	err error // the first error
}

// openManifest opens the manifest that the flags name. An error is of usage, because nothing was
// sent.
func (b *Batch) openManifest() (*manifestWriter, error) {
	if b.Manifest == "" {
		return &manifestWriter{}, nil
	}
	w, err := manifest.Open(b.Manifest)
	if err != nil {
		return nil, usage.Error(fmt.Errorf("--manifest: %w", err))
	}
	return &manifestWriter{w: w}, nil
}

// add adds a file that is complete. A file that an earlier run has sent is added only if the
// manifest does not have it. The error is that of this file; close returns it, too.
func (m *manifestWriter) add(file string, r *client.Result) error {
	if m.w == nil || r.Skipped && m.w.Has(file, r.URL) {
		return nil
	}
	err := m.w.Add(manifest.Entry{File: file, Size: r.Offset, SHA256: r.SHA256, URL: r.URL, Time: time.Now()})
	m.failed(err)
	return err
}

func (m *manifestWriter) failed(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err == nil && err != nil {
		m.err = fmt.Errorf("files are missing in the manifest: %w", err)
	}
}

// close closes the manifest and returns the first error of the run.
func (m *manifestWriter) close() error {
	if m.w == nil {
		return nil
	}
	m.failed(m.w.Close())
	m.mu.Lock()
	defer m.mu.Unlock()
	m.w = nil
	return m.err
}
