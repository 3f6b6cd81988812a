package fleet

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"
)

// jobVersion is the version of the messages and records of a job.
const jobVersion = 1

// settingsKey is the key of the settings in the metadata of the queue.
const settingsKey = "tusker"

// settings are what a job keeps of its Config.
type settings struct {
	Version   int           `json:"version"`
	Endpoint  string        `json:"endpoint"`
	Lease     time.Duration `json:"lease"`
	Attempts  int           `json:"attempts"`
	RateLimit int64         `json:"rate_limit,omitempty"`
}

// settingsOf reads the settings of a job. The error Is ErrNoJob or ErrJobVersion.
func settingsOf(metadata map[string]string) (settings, error) {
	var s settings
	text, ok := metadata[settingsKey]
	if !ok {
		return s, fmt.Errorf("%w: the engine has a stream of another program under this name", ErrNoJob)
	}
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return s, fmt.Errorf("%w: its settings cannot be read: %w", ErrJobVersion, err)
	}
	if s.Version > jobVersion {
		return s, fmt.Errorf("%w: version %d, and this program knows %d", ErrJobVersion, s.Version, jobVersion)
	}
	return s, nil
}

// metadata returns the metadata of the queue with the settings.
func (s settings) metadata(others map[string]string) (map[string]string, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	m := maps.Clone(others)
	if m == nil {
		m = make(map[string]string)
	}
	m[settingsKey] = string(text)
	return m, nil
}

// with returns the settings with those that cfg names, and whether they differ.
func (s settings) with(cfg Config) (changed settings, differs bool) {
	changed = s
	if cfg.Lease != 0 {
		changed.Lease = cfg.Lease
	}
	if cfg.Attempts != 0 {
		changed.Attempts = cfg.Attempts
	}
	if cfg.RateLimit != 0 {
		changed.RateLimit = max(0, cfg.RateLimit)
	}
	return changed, changed != s
}
