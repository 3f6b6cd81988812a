package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// copyright is the file of this name in a package for Debian.
const copyright = `Tusker, https://github.com/tusker-go/tusker

Copyright 2026 the authors of Tusker
License: Apache-2.0, in /usr/share/common-licenses/Apache-2.0

The licences of the modules that the program is built with are in
/usr/share/doc/tusker/THIRD_PARTY_LICENSES.
`

// overrides are findings of lintian that are no mistakes: a program in Go is linked statically.
const overrides = "tusker: statically-linked-binary [usr/bin/tusker]\n"

// debian returns the files that only a package for Debian has. It writes them into the folder dir.
func debian(dir string, rel release) ([]file, error) {
	var list []file
	for _, f := range []struct{ path, text string }{
		{documents + "/copyright", copyright},
		{documents + "/changelog", changes(rel)},
		{"/usr/share/lintian/overrides/tusker", overrides},
	} {
		source := filepath.Join(dir, "debian-"+path.Base(f.path))
		if err := os.WriteFile(source, []byte(f.text), 0o644); err != nil {
			return nil, err
		}
		list = append(list, file{Path: f.path, Source: source, Mode: 0o644})
	}
	changelog := &list[1]
	packed := changelog.Source + ".gz"
	if err := pack(changelog.Source, packed); err != nil {
		return nil, err
	}
	changelog.Path, changelog.Source = changelog.Path+".gz", packed
	return list, nil
}

// changes returns a changelog in the format of Debian, which has a tilde before the name of a
// version that is not final.
func changes(rel release) string {
	return fmt.Sprintf(`tusker (%s) unstable; urgency=medium

  * The changes are listed here:
    %s/blob/%s/CHANGELOG.md

 -- %s  %s
`, strings.Replace(rel.Number(), "-", "~", 1), homepage, rel.Version, maintainer, rel.Time.Format(time.RFC1123Z))
}
