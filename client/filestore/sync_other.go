//go:build !unix

package filestore

import "os"

// syncFolder does nothing: there is no call for it here.
func syncFolder(*os.Root) error { return nil }
