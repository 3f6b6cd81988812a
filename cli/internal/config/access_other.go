//go:build !unix

package config

import "io/fs"

// checkInfo accepts every file: modes are made up here. On Windows, access lists
// decide.
func checkInfo(fs.FileInfo) error { return nil }
