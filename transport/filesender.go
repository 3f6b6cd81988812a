package transport

import "io"

// FileSender is a request body whose bytes are contiguous in a file. A [Doer]
// that can use sendfile calls SendFile instead of Read; other Doers read. Both
// calls may be mixed. Package nethttp calls SendFile over plain HTTP/1.1 on
// Linux; the bodies of package client are FileSenders. A wrapper around the
// body hides SendFile.
//
// [FileBody] is for Doers that do not know FileSender: net/http sends the whole
// body in one call, which reports no progress.
type FileSender interface {
	io.Reader

	// SendFile calls send at most once, with the descriptor of the file, the
	// offset of the next bytes in the file, and their number, which is at least
	// 1. It advances by the number of bytes that send returns, and returns the
	// results of send. The descriptor is valid until send returns, and its
	// position must not be used or moved. send must not wait for the network,
	// because the end of the request waits for send.
	//
	// The error is io.EOF if nothing is left, the error of send, or an error of
	// the file. 0 bytes without an error mean that the rest has to be read: a
	// call of Read waits until the bytes may be sent, or returns that the file
	// was truncated.
	SendFile(send func(fd uintptr, off int64, n int64) (int64, error)) (int64, error)
}
