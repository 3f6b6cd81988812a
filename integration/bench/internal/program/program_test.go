package program

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEach(t *testing.T) {
	t.Parallel()
	p := &Program{Concurrency: 2, Files: []string{"a", "b", "c", "d"}}
	bad := errors.New("bad")
	var mu sync.Mutex
	seen := make(map[string]int)
	err := p.Each(func(name string) error {
		mu.Lock()
		defer mu.Unlock()
		seen[name]++
		if name == "b" {
			return bad
		}
		return nil
	})
	if !errors.Is(err, bad) || !strings.HasPrefix(err.Error(), "b: ") {
		t.Errorf("error %v, want that of b", err)
	}
	if diff := cmp.Diff(map[string]int{"a": 1, "b": 1, "c": 1, "d": 1}, seen); diff != "" {
		t.Errorf("files sent (-want +got):\n%s", diff)
	}
}
