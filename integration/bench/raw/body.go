package main

import (
	"io"
	"os"

	"github.com/tusker-go/tusker/transport"
)

// The values of -body.
const (
	bodyFile = "file"     // the *os.File, which net/http sends with sendfile over plain HTTP/1.1
	bodyOwn  = "filebody" // transport.FileBody, which allows sendfile, too
	bodyCopy = "copy"     // a reader, copied through memory
)

var bodies = map[string]func(f *os.File, off, n int64) (io.ReadCloser, error){
	bodyFile: func(f *os.File, off, _ int64) (io.ReadCloser, error) {
		_, err := f.Seek(off, io.SeekStart)
		return f, err
	},
	bodyOwn: transport.FileBody,
	bodyCopy: func(f *os.File, off, n int64) (io.ReadCloser, error) {
		return io.NopCloser(io.NewSectionReader(f, off, n)), nil
	},
}
