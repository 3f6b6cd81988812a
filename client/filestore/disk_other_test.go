//go:build !linux

package filestore_test

import "testing"

// roomy is a folder for thousands of files.
func roomy(t *testing.T) string {
	t.Helper()
	return t.TempDir()
}
