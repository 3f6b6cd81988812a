package release_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/integration/internal/release"
)

// A module proxy that is packed before the tags exist has the same modules, made of the same
// commits, as the one that is packed from the tags.
func TestPack(t *testing.T) {
	t.Parallel()
	repo := repository(t)
	before := packed(t, repo)
	tags := git(t, repo, "tag")
	if tags != "" {
		t.Errorf("packing made the tags %s", tags)
	}
	if _, err := release.Tag(t.Context(), repo, "v0.2.0"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, packed(t, repo)); diff != "" {
		t.Errorf("the proxy of the tags (-before +after):\n%s", diff)
	}
	commit := git(t, repo, "rev-parse", "cli/v0.2.0^{commit}")
	if info := before["github.com/tusker-go/tusker/cli/@v/v0.2.0.info"]; !strings.Contains(info, commit) {
		t.Errorf("the proxy does not name the commit %s: %s", commit, info)
	}
}

// packed returns the files of a module proxy with v0.2.0.
func packed(t *testing.T, repo string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	if err := release.Pack(t.Context(), repo, "v0.2.0", release.Proxy{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	files := make(map[string]string)
	for _, module := range []string{"protocol", "cli"} {
		for _, ext := range []string{"mod", "info", "zip"} {
			name := "github.com/tusker-go/tusker/" + module + "/@v/v0.2.0." + ext
			data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
			if err != nil {
				t.Fatal(err)
			}
			files[name] = string(data)
		}
	}
	return files
}
