package records

import (
	"errors"
	"slices"
	"testing"

	"github.com/tusker-go/tusker/client"
)

// A record that cannot be saved for lack of open files is saved with a later one. Other errors
// are returned, and the records behind them are saved.
func TestBacklog(t *testing.T) {
	t.Parallel()
	var b backlog
	var saved []string
	errFull := errors.New("full")
	failures := map[string]error{}
	save := func(keys ...string) error {
		var records []*client.Record
		for _, key := range keys {
			records = append(records, &client.Record{Key: key})
		}
		return b.save(func(r *client.Record) error {
			if err := failures[r.Key]; err != nil {
				return err
			}
			saved = append(saved, r.Key)
			return nil
		}, records...)
	}
	for _, step := range []struct {
		name     string
		failures map[string]error
		records  []string
		want     error
		saved    []string
	}{
		{"spare files", nil, []string{"a"}, nil, []string{"a"}},
		{"no spare file", map[string]error{"b": client.ErrScarce}, []string{"b"}, nil, []string{"a"}},
		{"no spare file again", map[string]error{"b": client.ErrScarce}, []string{"c"}, nil, []string{"a"}},
		{"a full disk", map[string]error{"b": errFull}, []string{"d"}, errFull, []string{"a", "c", "d"}},
		{"nothing is left", nil, nil, nil, []string{"a", "c", "d"}},
	} {
		failures = step.failures
		if err := save(step.records...); !errors.Is(err, step.want) {
			t.Errorf("%s: %v, want %v", step.name, err, step.want)
		}
		if !slices.Equal(saved, step.saved) {
			t.Errorf("%s: saved are %v, want %v", step.name, saved, step.saved)
		}
	}
}
