package filestore

import (
	"os"
	"time"

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
// files: uploads that end beside it close theirs.
func openPatiently[F any](open func() (F, error)) (F, error) {
	began := time.Now()
	for wait := scarceWait; ; wait = min(2*wait, maxScarceWait) {
		f, err := open()
		if err == nil || !network.IsScarce(err) || time.Since(began) > scarceTime {
			return f, err
		}
		time.Sleep(wait)
	}
}

// openFile opens a file of the folder. It does not follow links that lead out of the folder.
func openFile(root *os.Root, name string, flag int) (*os.File, error) {
	return openPatiently(func() (*os.File, error) { return root.OpenFile(name, flag, fileMode) })
}
