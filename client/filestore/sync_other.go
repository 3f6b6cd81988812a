//go:build !unix

package filestore

import "os"

// syncFolder does nothing, because these systems have no call for it.
func syncFolder(*os.Root) error { return nil }
