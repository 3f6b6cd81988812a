package transport

import "io"

// FileSender is a request body whose bytes lie in a file one after the other. A
// [Doer] that can have the system send them from there (sendfile) calls SendFile
// in place of Read; any other reads, and both may be mixed. Package nethttp does
// so over plain HTTP/1.1 on Linux, for bodies such as those of package client.
// What is wrapped around a body hides SendFile.
//
// [FileBody] is for a net/http that knows nothing of this: it sends a whole file
// in one go, and nobody sees how far it is.
type FileSender interface {
	io.Reader

	// SendFile calls send at most once, with the descriptor of the file, where in
	// it the next bytes lie, and how many there are, at least one. It counts as
	// read what send says it took, and returns what send returned. The descriptor
	// is valid until send returns, and its position is not to be used or moved.
	// send must not wait for the network: whoever ends the request waits for it.
	//
	// The error is io.EOF where nothing is left, and otherwise that of send, or
	// says why the file cannot be read. 0 bytes without an error from send mean
	// that the file has become shorter: the caller may read to learn more.
	SendFile(send func(fd uintptr, off int64, n int64) (int64, error)) (int64, error)
}
