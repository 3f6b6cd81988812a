package filestore

import (
	"fmt"
	"os"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/network"
)

const (
	// scarceTime is how long a call waits in all until this process can open another file.
	scarceTime = 300 * time.Millisecond

	// scarceWait is the first pause before the file is opened again, and maxScarceWait the
	// longest.
	scarceWait    = time.Millisecond
	maxScarceWait = 50 * time.Millisecond
)

// openPatiently calls open, and calls it again for a while if this process has too many open
// files: uploads that end beside it close theirs. The error Is [failure.ErrScarce] if that took
// too long.
func openPatiently[F any](open func() (F, error)) (F, error) {
	began := time.Now()
	for wait := scarceWait; ; wait = min(2*wait, maxScarceWait) {
		f, err := open()
		if err == nil || !network.IsScarce(err) {
			return f, err
		}
		if time.Since(began) > scarceTime {
			return f, fmt.Errorf("%w: %w", failure.ErrScarce, err)
		}
		time.Sleep(wait)
	}
}

// openFolder opens a folder. An os.Root follows no link that leads out of it.
func openFolder(dir string) (*os.Root, error) {
	return openPatiently(func() (*os.Root, error) { return os.OpenRoot(dir) })
}

// openFile opens a file of the folder. It does not follow links that lead out of the folder, and
// it does not wait for the other end of a pipe.
func openFile(root *os.Root, name string, flag int) (*os.File, error) {
	return openPatiently(func() (*os.File, error) { return root.OpenFile(name, flag|noWait, fileMode) })
}
