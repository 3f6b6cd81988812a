//go:build linux || darwin

package client_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
)

// If a file was replaced by a pipe without a writer, the upload fails and does not block.
func TestFileBecomesPipe(t *testing.T) {
	t.Run("Path", func(t *testing.T) { testFileBecomesPipe(t, clienttest.PathSource) })
	t.Run("Root", func(t *testing.T) { testFileBecomesPipe(t, below) })
}

func testFileBecomesPipe(t *testing.T, source func(t *testing.T, name string) client.Source) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "elephant")
	if err := os.WriteFile(name, []byte("elephants"), 0o600); err != nil {
		t.Fatal(err)
	}
	src := source(t, name)
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Skip(err)
	}
	s := fake.New(t, fake.Config{})
	c := clienttest.NewClient(t, s, client.Config{})
	done := make(chan error, 1)
	go func() {
		_, err := c.Upload(context.Background(), src, nil)
		done <- err
	}()
	select {
	case err := <-done:
		clienttest.WantErrorIs(t, err, client.ErrSource)
		if !strings.HasSuffix(err.Error(), " is not a regular file") {
			t.Errorf("error %v, want the suffix %q", err, " is not a regular file")
		}
		clienttest.WantRequests(t, s)
	case <-time.After(10 * time.Second):
		// A blocked open continues when the other end is opened.
		if f, err := os.OpenFile(name, os.O_RDWR|syscall.O_NONBLOCK, 0); err == nil {
			defer func() { _ = f.Close() }()
		}
		t.Error("the upload waits for the pipe")
	}
}
