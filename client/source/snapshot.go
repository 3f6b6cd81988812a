package source

// Snapshot returns src with another promise: the upload has the bytes that the file has when it
// is opened, although a program appends to the file meanwhile. A file that becomes shorter, or
// whose first or last bytes of these change, still fails with failure.ErrSourceChanged; a
// program that writes to the middle of the file is not noticed. A snapshot has no identity, so
// a later run does not resume its upload.
//
// A source that is not a [Snapshotter] is returned as it is.
func Snapshot(src Source) Source {
	if s, ok := src.(Snapshotter); ok {
		return s.Snapshot()
	}
	return src
}

// Snapshotter is a [Source] that may grow during its upload.
type Snapshotter interface {
	// Snapshot returns the source with the promise of the function Snapshot.
	Snapshot() Source
}

// Snapshot implements [Snapshotter].
func (s *fileSource) Snapshot() Source {
	growing := *s
	growing.file = func() (*openFile, error) {
		f, err := s.file()
		if err == nil {
			f.snapshot, f.path = true, ""
		}
		return f, err
	}
	return &growing
}
