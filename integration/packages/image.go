package main

import (
	"archive/tar"
	"bytes"
	"encoding/pem"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

const (
	// userID is the user that the program runs as, and its group.
	userID = 65532
	// certificates is a file that crypto/x509 looks for.
	certificates = "etc/ssl/certs/ca-certificates.crt"
	userHome     = "/home/tusker"
)

// writeImage writes the image for the programs, which are paths by architecture, as the
// archive of an OCI image layout.
func writeImage(name string, programs map[string]string, s shared, rel release) error {
	base, err := baseLayer(rel.Time)
	if err != nil {
		return err
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, arch := range slices.Sorted(maps.Keys(programs)) {
		image, err := imageOf(base, arch, programs[arch], s, rel)
		if err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}},
		})
	}
	dir, err := os.MkdirTemp(s.dir, "image-")
	if err != nil {
		return err
	}
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	if err := path.AppendIndex(index, layout.WithAnnotations(map[string]string{
		"org.opencontainers.image.ref.name": rel.Number(),
		"io.containerd.image.name":          "docker.io/library/tusker:" + rel.Number(),
	})); err != nil {
		return err
	}
	return create(name, func(w io.Writer) error { return writeFolder(w, dir, rel.Time) })
}

func imageOf(base v1.Layer, arch, program string, s shared, rel release) (v1.Image, error) {
	files := []file{{Path: "usr/bin/tusker", Source: program, Mode: 0o755}}
	for _, f := range s.licences {
		files = append(files, file{Path: "usr/share/doc/tusker/" + f.Path, Source: f.Source, Mode: f.Mode})
	}
	var data bytes.Buffer
	if err := writeTar(&data, files, rel.Time); err != nil {
		return nil, err
	}
	layer, err := layerOf(data.Bytes())
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	created := v1.Time{Time: rel.Time}
	image, err = mutate.Append(image,
		mutate.Addendum{Layer: base, History: v1.History{Created: created, CreatedBy: "certificates and user"}},
		mutate.Addendum{Layer: layer, History: v1.History{Created: created, CreatedBy: "tusker"}},
	)
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = "linux", arch, created
	config.Config = v1.Config{
		Entrypoint: []string{"/usr/bin/tusker"},
		User:       "65532:65532",
		WorkingDir: userHome,
		Env:        []string{"PATH=/usr/bin", "HOME=" + userHome, "SSL_CERT_FILE=/" + certificates},
		Labels: map[string]string{
			"org.opencontainers.image.title":    "tusker",
			"org.opencontainers.image.version":  rel.Number(),
			"org.opencontainers.image.revision": rel.Commit,
			"org.opencontainers.image.source":   "https://github.com/tusker-go/tusker",
			"org.opencontainers.image.licenses": "Apache-2.0",
		},
	}
	return mutate.ConfigFile(image, config)
}

// baseLayer has what a program expects from a system: authorities to trust, a user with a home,
// and a folder for temporary files.
func baseLayer(when time.Time) (v1.Layer, error) {
	var data bytes.Buffer
	out := tar.NewWriter(&data)
	for _, dir := range []tar.Header{
		{Name: "etc/", Mode: 0o755},
		{Name: "etc/ssl/", Mode: 0o755},
		{Name: "etc/ssl/certs/", Mode: 0o755},
		{Name: "home/", Mode: 0o755},
		{Name: userHome[1:] + "/", Mode: 0o700, Uid: userID, Gid: userID},
		{Name: "tmp/", Mode: 0o1777},
	} {
		dir.Typeflag, dir.ModTime = tar.TypeDir, when
		if err := out.WriteHeader(&dir); err != nil {
			return nil, err
		}
	}
	for _, f := range []struct {
		name string
		data []byte
	}{
		{certificates, roots()},
		{"etc/passwd", []byte("root:x:0:0:root:/:/sbin/nologin\ntusker:x:65532:65532:tusker:" + userHome + ":/sbin/nologin\n")},
		{"etc/group", []byte("root:x:0:\ntusker:x:65532:\n")},
	} {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: f.name, Size: int64(len(f.data)), Mode: 0o644, ModTime: when}
		if err := out.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := out.Write(f.data); err != nil {
			return nil, err
		}
	}
	if err := out.Close(); err != nil {
		return nil, err
	}
	return layerOf(data.Bytes())
}

// roots returns the authorities of Mozilla's list that the Go team keeps. Those with a
// constraint are left out, because a file in PEM cannot express it.
func roots() []byte {
	var out bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			// A write to a bytes.Buffer cannot fail.
			_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate})
		}
	}
	return out.Bytes()
}

func layerOf(data []byte) (v1.Layer, error) {
	return tarball.LayerFromOpener(
		func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
		tarball.WithMediaType(types.OCILayer),
	)
}

// writeFolder writes a folder in the order of its names.
func writeFolder(w io.Writer, dir string, when time.Time) error {
	var files []file
	if err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		files = append(files, file{Path: filepath.ToSlash(rel), Source: name, Mode: 0o644})
		return err
	}); err != nil {
		return err
	}
	return writeTar(w, files, when)
}
