package filestore

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/tusker-go/tusker/client/filelock"
)

// TestGuardCreatedMeanwhile checks that a process that found no file gets no guard by the other file
// once the file was created: Prune, which has the lock on the file itself, may replace it, and a line
// that is added at that moment would be lost.
func TestGuardCreatedMeanwhile(t *testing.T) {
	if !filelock.Advisory {
		t.Skip("the guard is always the other file")
	}
	dir := t.TempDir()
	root, err := openFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	for name, g := range map[string]guarded{
		"record":   guardedRecord(root, "k"),
		"finished": guardedSent(root, sentName("https://tus.example/files/")),
	} {
		t.Run(name, func(t *testing.T) {
			held, err := g.takeOther()
			if err != nil {
				t.Fatalf("without the file: %v", err)
			}
			held.release()
			if err := os.WriteFile(filepath.Join(dir, g.name), nil, fileMode); err != nil {
				t.Fatal(err)
			}
			if _, err := g.takeOther(); !errors.Is(err, errCreated) {
				t.Errorf("with the file: error %v, want %v", err, errCreated)
			}
			if held, err = g.take(true); err != nil {
				t.Fatal(err)
			}
			defer held.release()
			if !held.own {
				t.Error("the guard is the lock on the other file, want that on the file")
			}
		})
	}
}
