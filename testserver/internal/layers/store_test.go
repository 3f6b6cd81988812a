package layers

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tus/tusd/v2/pkg/filestore"
	"github.com/tus/tusd/v2/pkg/handler"
)

// newFinal creates a final upload in dir, whose parts do not exist yet.
func newFinal(t *testing.T, dir string) (*Store, handler.Upload, handler.FileInfo) {
	t.Helper()
	s := New(filestore.New(dir), Config{ConcatUnfinished: true})
	final, err := s.NewUpload(t.Context(), handler.FileInfo{IsFinal: true})
	if err != nil {
		t.Fatal(err)
	}
	info, err := final.GetInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s, final, info
}

// A final upload that is terminated during its concatenation is not created
// again.
func TestConcatTerminated(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, final, info := newFinal(t, dir)
	part := filepath.Join(t.TempDir(), "part")
	if err := os.WriteFile(part, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.AsTerminatableUpload(final).Terminate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.concat(t.Context(), info, []string{part}); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("got files %v, error %v; want none", left, err)
	}
}

// An unreadable part leaves the final upload unchanged and no temporary file.
func TestConcatUnreadable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _, info := newFinal(t, dir)
	if err := s.concat(t.Context(), info, []string{filepath.Join(dir, "none")}); err == nil {
		t.Error("concat succeeded, want an error")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
		t.Errorf("got %v left, error %v; want the upload and its info", left, err)
	}
}
