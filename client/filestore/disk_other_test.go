//go:build !linux

package filestore_test

import "testing"

// roomy returns a folder for thousands of files.
func roomy(t *testing.T) string {
	t.Helper()
	return t.TempDir()
}
