//go:build unix

package config

import (
	"io/fs"
	"os"
	"syscall"
)

// checkInfo is CheckAccess for an open file, which is the target if the name is a link.
func checkInfo(info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return CheckAccess(info.Mode(), int(stat.Uid), os.Geteuid())
}
