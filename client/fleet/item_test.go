package fleet_test

import (
	"errors"
	"testing"

	"github.com/tusker-go/tusker/client/fleet"
)

// An item is below a root without a colon, or in a store, whose keys may be any. A store has no
// credentials and no path.
func TestItemRules(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		item  fleet.Item
		shown string
		valid bool
	}{
		"file":                   {fleet.Item{Root: "media", Path: "2024/a.mov"}, "media:2024/a.mov", true},
		"no root":                {fleet.Item{Path: "a.mov"}, "a.mov", true},
		"path that leads out":    {fleet.Item{Root: "media", Path: "../a.mov"}, "media:../a.mov", false},
		"root with a colon":      {fleet.Item{Root: "c:", Path: "a.mov"}, "c::a.mov", false},
		"object":                 {fleet.Item{Root: "s3://media", Path: "2024/a.mov"}, "s3://media/2024/a.mov", true},
		"key with empty parts":   {fleet.Item{Root: "s3://media", Path: "/2024//../a.mov/"}, "s3://media//2024//../a.mov/", true},
		"host with a port":       {fleet.Item{Root: "http://host:8080", Path: "a?versionId=1"}, "http://host:8080/a?versionId=1", true},
		"store without a key":    {fleet.Item{Root: "s3://media"}, "s3://media/", false},
		"store with a path":      {fleet.Item{Root: "s3://media/2024", Path: "a.mov"}, "s3://media/2024/a.mov", false},
		"store with a user":      {fleet.Item{Root: "https://me:secret@host", Path: "a.mov"}, "https://me:secret@host/a.mov", false},
		"store without a host":   {fleet.Item{Root: "https://", Path: "a.mov"}, "https:///a.mov", false},
		"store with a query":     {fleet.Item{Root: "https://host?q", Path: "a.mov"}, "https://host?q/a.mov", false},
		"store without a scheme": {fleet.Item{Root: "://host", Path: "a.mov"}, "://host/a.mov", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := test.item.Validate()
			if test.valid != (err == nil) || err != nil && !errors.Is(err, fleet.ErrInvalid) {
				t.Errorf("error %v, valid: %v", err, test.valid)
			}
			if got := test.item.Name(); got != test.shown {
				t.Errorf("name %q, want %q", got, test.shown)
			}
		})
	}
}

// Paths of files are ordered by their elements, and keys of objects by their bytes.
func TestOrderOfStores(t *testing.T) {
	t.Parallel()
	for root, want := range map[string]int{"media": 1, "s3://media": -1} {
		a, b := fleet.Item{Root: root, Path: "a.txt"}, fleet.Item{Root: root, Path: "a/b"}
		if got := fleet.OrderWalk.Compare(a, b); got != want {
			t.Errorf("%s: order %d, want %d", root, got, want)
		}
	}
}
