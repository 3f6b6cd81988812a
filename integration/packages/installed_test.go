//go:build linux

package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/sassoftware/go-rpmutils"
)

// built are the files of a release.
type built struct {
	version string
	dir     string
	sums    string
}

// find returns the path of the only file that matches a pattern.
func (b built) find(t *testing.T, pattern string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(b.dir, pattern))
	if err != nil || len(names) != 1 {
		t.Fatalf("%s matches %q (%v), want one file", pattern, names, err)
	}
	return names[0]
}

// Each file is in the list of checksums, in the form that "sha256sum --check" reads.
func (b built) checksums(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(b.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(b.dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprintf("%x  %s\n", sha256.Sum256(data), entry.Name())
		if listed := strings.Contains(b.sums, line); listed != (entry.Name() != sumsName) {
			t.Errorf("%s is in the list: %t", entry.Name(), listed)
		}
	}
}

// dpkg installs the package below a folder, the installed program does the demo, and dpkg
// removes it.
func (b built) deb(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("dpkg"); err != nil {
		missing(t, "dpkg is not on this machine")
	}
	name := b.find(t, "*_"+host().Arch+".deb")
	root := t.TempDir()
	ofDebian := []string{
		"/usr/share/zsh/vendor-completions/_tusker",
		"/usr/share/doc/tusker/copyright", "/usr/share/doc/tusker/changelog.gz",
	}
	if os.Getuid() != 0 {
		output(t, exec.CommandContext(t.Context(), "dpkg-deb", "-x", name, root))
		b.installed(t, root, ofDebian...)
		return
	}
	for _, dir := range []string{"info", "updates", "triggers"} {
		if err := os.MkdirAll(filepath.Join(root, "var/lib/dpkg", dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "var/lib/dpkg/status"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	dpkg := func(args ...string) {
		args = append([]string{"--root=" + root, "--log=" + filepath.Join(root, "log")}, args...)
		output(t, exec.CommandContext(t.Context(), "dpkg", args...))
	}
	dpkg("--install", name)
	b.installed(t, root, ofDebian...)
	dpkg("--remove", "tusker")
	if _, err := os.Stat(filepath.Join(root, "usr")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a part of the package is still there: %v", err)
	}
}

// The package for Fedora has the same files.
func (b built) rpm(t *testing.T) {
	t.Parallel()
	arch := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[host().Arch]
	f, err := os.Open(b.find(t, "*."+arch+".rpm"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rpm, err := rpmutils.ReadRpm(f)
	if err != nil {
		t.Fatal(err)
	}
	nevra, err := rpm.Header.GetNEVRA()
	if err != nil {
		t.Fatal(err)
	}
	if nevra.Name != "tusker" || nevra.Arch != arch {
		t.Errorf("the package is %s", nevra)
	}
	root := t.TempDir()
	if err := rpm.ExpandPayload(root); err != nil {
		t.Fatal(err)
	}
	files, err := rpm.Header.GetFiles()
	if err != nil {
		t.Fatal(err)
	}
	// rpm removes only the folders that a package names.
	if !slices.ContainsFunc(files, func(f rpmutils.FileInfo) bool { return f.Name() == documents }) {
		t.Errorf("%s does not belong to the package", documents)
	}
	for _, f := range files {
		// ExpandPayload leaves the modes to the caller.
		if err := os.Chmod(filepath.Join(root, f.Name()), os.FileMode(f.Mode()).Perm()); err != nil {
			t.Error(err)
		}
	}
	b.installed(t, root, "/usr/share/zsh/site-functions/_tusker")
}

// installed checks the files below root, some of which only one format has, and does the demo
// with the program there.
func (b built) installed(t *testing.T, root string, own ...string) {
	t.Helper()
	for _, name := range append(own,
		"/usr/share/man/man1/tusker.1.gz",
		"/usr/share/man/man1/tusker-upload.1.gz",
		"/usr/share/bash-completion/completions/tusker",
		"/usr/share/fish/vendor_completions.d/tusker.fish",
		"/usr/share/doc/tusker/LICENSE",
		"/usr/share/doc/tusker/THIRD_PARTY_LICENSES",
	) {
		if info, err := os.Stat(filepath.Join(root, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v, or empty", name, err)
		}
	}
	licences, err := os.ReadFile(filepath.Join(root, documents, "THIRD_PARTY_LICENSES"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{runtime.Version(), "github.com/spf13/cobra"} {
		if !strings.Contains("\n"+string(licences), "\n==== "+name+" ") {
			t.Errorf("the licence of %s is missing", name)
		}
	}
	program := filepath.Join(root, "usr/bin/tusker")
	b.runs(t, exec.CommandContext(t.Context(), program, "version"))
	demo := exec.CommandContext(t.Context(), program, "demo")
	demo.Env = append(os.Environ(), "HOME="+t.TempDir(), "XDG_STATE_HOME=", "XDG_CONFIG_HOME=", "XDG_CACHE_HOME=")
	output(t, demo)
}

// runs checks that the program prints the version of the release and a commit.
func (b built) runs(t *testing.T, version *exec.Cmd) {
	t.Helper()
	text := output(t, version)
	if !strings.Contains(text, b.version) || strings.Contains(text, "unknown") || strings.Contains(text, "devel") {
		t.Errorf("the program printed\n%s\nwant %s and a commit in it", text, b.version)
	}
}

// An archive has the program with its manual, and the archives for Windows are in zip.
func (b built) archive(t *testing.T, target Target) {
	t.Helper()
	t.Parallel()
	var names []string
	pattern := fmt.Sprintf("tusker_*_%s_%s", target.OS, target.Arch)
	if target.OS == "windows" {
		r, err := zip.OpenReader(b.find(t, pattern+".zip"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Close() }()
		for _, f := range r.File {
			names = append(names, f.Name)
		}
	} else {
		f, err := os.Open(b.find(t, pattern+".tar.gz"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		gz, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		for r := tar.NewReader(gz); ; {
			header, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, header.Name)
		}
	}
	for _, want := range []string{
		target.program(), "LICENSE", "THIRD_PARTY_LICENSES", "man/tusker-upload.1",
		"completion/tusker.bash", "completion/tusker.zsh", "completion/tusker.fish",
	} {
		if !slices.Contains(names, want) {
			t.Errorf("the archive lacks %s, and has %q", want, names)
		}
	}
}

// The bill of materials names the modules that the program says it is built with.
func (b built) bill(t *testing.T, target Target) {
	t.Helper()
	t.Parallel()
	f, err := os.Open(b.find(t, fmt.Sprintf("tusker_*_%s_%s.cdx.json", target.OS, target.Arch)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var bom cyclonedx.BOM
	if err := cyclonedx.NewBOMDecoder(f, cyclonedx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	if got := bom.Metadata.Component; got.Name != "tusker" || got.Version != b.version {
		t.Errorf("the bill is of %s %s, want tusker %s", got.Name, got.Version, b.version)
	}
	versions := make(map[string]string)
	for _, c := range *bom.Components {
		versions[c.Name] = c.Version
	}
	if got := versions["github.com/tusker-go/tusker/client"]; got != b.version {
		t.Errorf("client has the version %q, want %s", got, b.version)
	}
	if versions["std"] == "" || versions["github.com/spf13/cobra"] == "" {
		t.Errorf("the bill lacks the standard library or cobra: %v", versions)
	}
	if target != host() {
		return
	}
	root := t.TempDir()
	output(t, exec.CommandContext(t.Context(), "tar", "-xzf", b.find(t, fmt.Sprintf("tusker_*_%s_%s.tar.gz", target.OS, target.Arch)), "-C", root))
	info, err := buildinfo.ReadFile(filepath.Join(root, "tusker"))
	if err != nil {
		t.Fatal(err)
	}
	if want := len(info.Deps) + 1; len(versions) != want {
		t.Errorf("the bill has %d modules, want %d", len(versions), want)
	}
}
