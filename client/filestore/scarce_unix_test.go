//go:build unix

package filestore_test

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

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
		{"delete", func() error { return store.Delete(t.Context(), record.Key, record.Revision) }},
	} {
		files := openAll(t)
		closed := make(chan struct{})
		time.AfterFunc(20*time.Millisecond, func() {
			defer close(closed)
			for _, f := range files {
				_ = f.Close()
			}
		})
		if err := call.do(); err != nil {
			t.Errorf("%s: %v", call.name, err)
		}
		<-closed
	}
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
