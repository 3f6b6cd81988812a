package main

import (
	"crypto/tls"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tusker-go/tusker/integration/bench/internal/control"
	"github.com/tusker-go/tusker/testserver"
)

// tusd is a counter that counts the stored bytes with the files in its folder.
type tusd struct {
	dir string
	counts
}

func startTusd(dir string, secure bool) (control.Ready, counter, func(), error) {
	if dir == "" {
		return control.Ready{}, nil, nil, errors.New("tusd needs -dir")
	}
	t := &tusd{dir: dir}
	t.counts.reset()
	cfg := testserver.Config{Dir: dir, KeepRequests: 1, Wrap: t.wrap}
	if secure {
		cfg.TLS = &tls.Config{}
	}
	s, err := testserver.Start(cfg)
	if err != nil {
		return control.Ready{}, nil, nil, err
	}
	ready := control.Ready{URL: s.URL(), Address: hostOf(s.URL())}
	if secure {
		ready.CA = string(s.CACertPEM())
	}
	return ready, t, s.Close, nil
}

func (t *tusd) stats() (control.Stats, error) {
	stats := t.counts.stats()
	entries, err := os.ReadDir(t.dir)
	if err != nil {
		return stats, err
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".info") {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return stats, err
		}
		stats.Files++
		stats.Stored += info.Size()
	}
	return stats, nil
}

func (t *tusd) reset() error {
	t.counts.reset()
	entries, err := os.ReadDir(t.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.Remove(filepath.Join(t.dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
