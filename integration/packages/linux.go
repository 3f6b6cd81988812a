package main

import (
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
	"github.com/goreleaser/nfpm/v2/rpm"
)

const (
	maintainer = "Tusker <tusker-go@users.noreply.github.com>"
	homepage   = "https://github.com/tusker-go/tusker"
	// documents is the folder that the package has for itself.
	documents = "/usr/share/doc/tusker"

	summary     = "resumable uploads over tus and Resumable Uploads for HTTP"
	description = `Tusker uploads files over networks that fail. After a request fails, it asks
the server how much it has, and resumes there.`
)

// writePackage writes a package in a format, deb or rpm, into the folder out.
func writePackage(out, format, arch, program string, s shared, rel release) error {
	var packager nfpm.Packager
	zsh := ""
	switch format {
	case "deb":
		packager, zsh = deb.Default, "/usr/share/zsh/vendor-completions"
	case "rpm":
		packager, zsh = rpm.DefaultRPM, "/usr/share/zsh/site-functions"
	default:
		return fmt.Errorf("%q is no format of packages", format)
	}
	list, err := s.linux(zsh)
	if err != nil {
		return err
	}
	list = append(list, file{Path: "/usr/bin/tusker", Source: program, Mode: 0o755})
	if format == "deb" {
		own, err := debian(s.dir, rel)
		if err != nil {
			return err
		}
		list = append(list, own...)
	}
	// rpm removes only the folders that a package names.
	contents := files.Contents{{
		Destination: documents, Type: files.TypeDir,
		FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: 0o755, MTime: rel.Time},
	}}
	for _, f := range list {
		kind := files.TypeFile
		if format == "rpm" && path.Dir(f.Path) == documents {
			kind = files.TypeRPMLicense
		}
		contents = append(contents, &files.Content{
			Source: f.Source, Destination: f.Path, Type: kind,
			FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: f.Mode, MTime: rel.Time},
		})
	}
	info := nfpm.WithDefaults(&nfpm.Info{
		Name: "tusker", Arch: arch, Platform: "linux", Version: rel.Version,
		Section: "net", Priority: "optional",
		Maintainer: maintainer,
		Vendor:     "Tusker",
		Homepage:   homepage,
		License:    "Apache-2.0",
		// The first line is the summary of Debian. rpm has a field for it.
		Description: map[string]string{"deb": summary + "\n" + description, "rpm": description}[format],
		MTime:       rel.Time,
		// The paths of the files are no patterns.
		DisableGlobbing: true,
		Overridables: nfpm.Overridables{
			Contents: contents,
			// The authorities that https needs. The program runs without them.
			Recommends: []string{"ca-certificates"},
			RPM:        nfpm.RPM{BuildHost: "localhost", Summary: strings.ToUpper(summary[:1]) + summary[1:]},
		},
	})
	if err := nfpm.PrepareForPackager(info, format); err != nil {
		return err
	}
	return create(filepath.Join(out, packager.ConventionalFileName(info)), func(w io.Writer) error {
		return packager.Package(info, w)
	})
}
