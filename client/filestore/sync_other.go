//go:build !unix

package filestore

import "os"

// noWait is no flag, because these systems have no pipes among files.
const noWait = 0

// syncFolder does nothing, because these systems have no call for it.
func syncFolder(*os.Root) error { return nil }
