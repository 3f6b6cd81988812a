package main

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
	"github.com/goreleaser/nfpm/v2/rpm"
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
	var contents files.Contents
	for _, f := range list {
		contents = append(contents, &files.Content{
			Source: f.Source, Destination: f.Path,
			FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: f.Mode, MTime: rel.Time},
		})
	}
	info := nfpm.WithDefaults(&nfpm.Info{
		Name: "tusker", Arch: arch, Platform: "linux", Version: rel.Version,
		Section: "net", Priority: "optional",
		Maintainer:  "Tusker <https://github.com/tusker-go/tusker>",
		Vendor:      "Tusker",
		Homepage:    "https://github.com/tusker-go/tusker",
		License:     "Apache-2.0",
		Description: "resumable uploads over tus and Resumable Uploads for HTTP",
		MTime:       rel.Time,
		// The paths of the files are no patterns.
		DisableGlobbing: true,
		Overridables: nfpm.Overridables{
			Contents: contents,
			RPM:      nfpm.RPM{BuildHost: "localhost", Summary: "Resumable uploads"},
		},
	})
	if err := nfpm.PrepareForPackager(info, format); err != nil {
		return err
	}
	return create(filepath.Join(out, packager.ConventionalFileName(info)), func(w io.Writer) error {
		return packager.Package(info, w)
	})
}
