package download

import (
	"os"

	"golang.org/x/sys/windows"
)

// isLinked reports whether the file has more than one name.
func isLinked(f *os.File) (bool, error) {
	var info windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(windows.Handle(f.Fd()), &info); err != nil {
		return false, &os.PathError{Op: "GetFileInformationByHandle", Path: f.Name(), Err: err}
	}
	return info.NumberOfLinks > 1, nil
}
