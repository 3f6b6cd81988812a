// Command packages builds from a released version what people install without Go: archives
// with the program, its manual pages and its completion, packages for Debian and Fedora, an
// image for containers, a bill of materials for each program, and the checksums of all.
//
//	packages -version VERSION [-proxy URL] [-o DIR] [-targets OS/ARCH,...] [-twice]
//
// The programs are those of "go install" for the version, so the module proxies and the
// checksum database vouch for their sources. Before a release, "release pack" writes a proxy
// for -proxy into a folder.
//
// Equal versions give equal bytes: paths are trimmed, C is not used, every file has the time
// of the commit, and the image takes the authorities that it trusts from a Go module. With
// -twice, everything is built a second time with empty caches, and the checksums must be the
// same.
//
// The module is not part of the workspace, so that only users of the packages download what
// they are made with. Nothing is published.
package main
