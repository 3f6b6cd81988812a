package main

import (
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
	"github.com/goreleaser/nfpm/v2/rpm"
)

// description has a short line, and the text below it.
const description = `resumable uploads over tus and Resumable Uploads for HTTP
Tusker uploads files so that they survive network failures. After a request
fails, it asks the server how much it has, and resumes there.`

// copyright is the file of this name in a package for Debian.
const copyright = `Tusker, https://github.com/tusker-go/tusker

Copyright 2026 the authors of Tusker
License: Apache-2.0, in /usr/share/common-licenses/Apache-2.0

The licences of the modules that the program is built with are in
/usr/share/doc/tusker/THIRD_PARTY_LICENSES.
`

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
		// Debian has a place for the licence, and the text of this one.
		source := filepath.Join(s.dir, "copyright")
		if err := os.WriteFile(source, []byte(copyright), 0o644); err != nil {
			return err
		}
		list = append(list, file{Path: "/usr/share/doc/tusker/copyright", Source: source, Mode: 0o644})
	}
	var contents files.Contents
	for _, f := range list {
		kind := files.TypeFile
		if format == "rpm" && path.Dir(f.Path) == "/usr/share/doc/tusker" {
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
		Maintainer:  "Tusker <tusker-go@users.noreply.github.com>",
		Vendor:      "Tusker",
		Homepage:    "https://github.com/tusker-go/tusker",
		License:     "Apache-2.0",
		Description: description,
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
