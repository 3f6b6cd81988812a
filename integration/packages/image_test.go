//go:build linux

package main

import (
	"crypto/x509"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// The image is valid, has authorities to trust, and its program runs without root. Nothing but
// the files of the image is there when it runs.
func (b built) image(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	output(t, exec.CommandContext(t.Context(), "tar", "-xf", b.find(t, "tusker_*_image.tar"), "-C", dir))
	image := imageOfHost(t, dir)
	if err := validate.Image(image); err != nil {
		t.Errorf("the image is not valid: %v", err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if got := config.Config.User; got != "65532:65532" {
		t.Errorf("the program runs as %q", got)
	}
	root := unpacked(t, image)
	pem, err := os.ReadFile(filepath.Join(root, certificates))
	if err != nil {
		t.Fatal(err)
	}
	if !x509.NewCertPool().AppendCertsFromPEM(pem) {
		t.Error("the image has no certificates")
	}
	if os.Getuid() != 0 {
		t.Skip("only root can run a program below another root")
	}
	inside := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), config.Config.Entrypoint[0], args...)
		cmd.Dir, cmd.Env = config.Config.WorkingDir, config.Config.Env
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Chroot: root, Credential: &syscall.Credential{Uid: userID, Gid: userID},
		}
		return cmd
	}
	b.runs(t, inside("version"))
	output(t, inside("demo"))
}

// imageOfHost returns the image for this machine from a layout in the folder dir.
func imageOfHost(t *testing.T, dir string) v1.Image {
	t.Helper()
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	outer, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(outer.Manifests) != 1 {
		t.Fatalf("the layout has %d entries, want one", len(outer.Manifests))
	}
	platforms, err := index.ImageIndex(outer.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	inner, err := platforms.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range inner.Manifests {
		if m.Platform != nil && m.Platform.Architecture == host().Arch {
			image, err := platforms.Image(m.Digest)
			if err != nil {
				t.Fatal(err)
			}
			return image
		}
	}
	t.Fatalf("the image has no platform %s", host())
	return nil
}

// unpacked returns a folder with the files of an image.
func unpacked(t *testing.T, image v1.Image) string {
	t.Helper()
	root := t.TempDir()
	// The folder is the root of the user of the image.
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	files := mutate.Extract(image)
	defer func() { _ = files.Close() }()
	untar := exec.CommandContext(t.Context(), "tar", "-xp", "--numeric-owner", "-C", root)
	untar.Stdin = io.Reader(files)
	output(t, untar)
	return root
}
