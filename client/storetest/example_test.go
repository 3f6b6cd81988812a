package storetest_test

import (
	"testing"

	"github.com/tusker-go/tusker/client/filestore"
	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/client/storetest"
)

// The function literal is the body of a TestStore in your own package.
func ExampleRun() {
	open := func(t *testing.T, dir string) journal.Store {
		t.Helper()
		s, err := filestore.New(dir)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	_ = func(t *testing.T) {
		t.Helper()
		storetest.Run(t, func(t *testing.T) storetest.Config {
			t.Helper()
			dir := t.TempDir()
			return storetest.Config{
				Store: open(t, dir),
				Reopen: func(t *testing.T) journal.Store {
					t.Helper()
					return open(t, dir)
				},
			}
		})
	}
	// Output:
}
