//go:build unix

package filestore_test

import (
	"errors"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/filestore"
	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/protocol"
)

// fewFilesFolder is the name of a variable of the environment. A process that has it runs
// TestFewFiles with a low limit of open files, on that folder.
const fewFilesFolder = "FILESTORE_TEST_FEW_FILES"

// A process at its limit of open files waits in each call of the store until it can open a
// file. The limit is that of a process of its own, because other tests run at the same time.
func TestFewFiles(t *testing.T) {
	if folder := os.Getenv(fewFilesFolder); folder != "" {
		useFewFiles(t, folder)
		return
	}
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFewFiles$", "-test.v")
	cmd.Env = append(os.Environ(), fewFilesFolder+"="+t.TempDir())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// useFewFiles calls each method of a store while other open files reach the limit, and
// closes them a little later.
func useFewFiles(t *testing.T, folder string) {
	t.Helper()
	store, err := filestore.New(folder)
	if err != nil {
		t.Fatal(err)
	}
	limit := syscall.Rlimit{}
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Skip(err)
	}
	limit.Cur = 40
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Skip(err)
	}
	now := time.Now().UTC()
	record := &journal.Record{
		Key: "few", Endpoint: "http://tus.example/files/", URL: "http://tus.example/files/1", Source: "film.mov",
		Length: protocol.Known(1), Created: now, Updated: now,
	}
	info := filestore.BatchInfo{Endpoint: record.Endpoint, Names: []string{"film.mov"}}
	var batch *filestore.Batch
	unlock := func() error { return nil }
	for _, call := range []struct {
		name string
		do   func() error
	}{
		{"save", func() error { return store.Save(t.Context(), record) }},
		{"load", func() error { _, err := store.Load(t.Context(), record.Key); return err }},
		{"lock", func() error { unlock, err = store.Lock(t.Context(), record.Key); return err }},
		{"unlock", func() error { return unlock() }},
		{"save finished", func() error { return store.SaveFinished(t.Context(), record) }},
		{"load finished", func() error { _, err := store.LoadFinished(t.Context(), record.Endpoint, record.Key); return err }},
		{"list", func() error { return first(store.List(t.Context())) }},
		{"delete", func() error { return store.Delete(t.Context(), record.Key, record.Revision) }},
		{"new", func() error { _, err := filestore.New(filepath.Join(folder, "below", "folder")); return err }},
		{"open a batch", func() error { batch, err = store.OpenBatch(info, time.Hour); return err }},
		{"save finished in a batch", func() error { return batch.SaveFinished(t.Context(), record) }},
		{"list batches", func() error { return first(store.Batches(t.Context())) }},
		{"remove a batch", func() error { return batch.Remove() }},
		{"prune", func() error { _, err := store.Prune(t.Context(), time.Hour); return err }},
	} {
		files := openAll(t)
		closed := make(chan struct{})
		time.AfterFunc(20*time.Millisecond, func() {
			defer close(closed)
			for _, f := range files {
				_ = f.Close()
			}
		})
		err := call.do()
		<-closed
		if err != nil {
			t.Fatalf("%s: %v", call.name, err)
		}
	}
	for _, f := range openAll(t) {
		defer func() { _ = f.Close() }()
	}
	if _, err := store.Load(t.Context(), record.Key); !errors.Is(err, failure.ErrScarce) || !errors.Is(err, syscall.EMFILE) {
		t.Errorf("load without a spare file: %v", err)
	}
}

// first returns the first error of a list.
func first[T any](list iter.Seq2[T, error]) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

// openAll opens files until the limit is reached.
func openAll(t *testing.T) []*os.File {
	t.Helper()
	var files []*os.File
	for {
		f, err := os.Open(os.DevNull)
		if err != nil {
			return files
		}
		files = append(files, f)
	}
}
