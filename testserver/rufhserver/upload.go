package rufhserver

import (
	"bytes"
	"errors"
	"net/http"
	"sync"

	"github.com/tusker-go/tusker/protocol"
)

// Errors of [upload.append] and [upload.complete].
var (
	errSuperseded = errors.New("another request has taken over the upload")
	errTooLong    = errors.New("the upload is longer than its length")
)

// upload is an upload resource. One request at a time holds it; a newer request takes over
// (-13, section 4.6).
type upload struct {
	creation *http.Request // the method, URL and header of the creation; without a body
	limits   protocol.Limits

	mu     sync.Mutex
	data   []byte
	length protocol.Length
	answer func() *final // waits for the final response; nil: the upload is not complete
	holder int           // number of the request that holds the upload
	stop   func()        // ends that request; nil: it needs no end
}

// final is the response of the target.
type final struct {
	status int
	header http.Header
	body   bytes.Buffer
}

// take makes the caller the holder, and ends the request that held the upload before. stop
// is called when another request takes over. The offset stays as it is until the caller or
// its successor appends.
func (u *upload) take(stop func()) (holder int, s state) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.stop != nil {
		u.stop()
	}
	u.holder++
	u.stop = stop
	return u.holder, u.now()
}

// release means that stop has nothing to end any more.
func (u *upload) release(holder int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.holder == holder {
		u.stop = nil
	}
}

// declare records the length. It returns false if another length is known.
func (u *upload) declare(length protocol.Length) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !isKnown(length) {
		return true
	}
	if isKnown(u.length) {
		return u.length == length
	}
	u.length = length
	return true
}

// append stores p for its holder, up to the length. The error is errSuperseded, or
// errTooLong.
func (u *upload) append(holder int, p []byte) (offset int64, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.holder != holder {
		return 0, errSuperseded
	}
	if n, known := u.length.Int64(); known && int64(len(u.data)+len(p)) > n {
		u.data = append(u.data, p[:n-int64(len(u.data))]...)
		return n, errTooLong
	}
	u.data = append(u.data, p...)
	return int64(len(u.data)), nil
}

// complete marks the upload of the holder as complete, and returns the function that waits
// for its final response. respond makes that response from the content; it is called once.
func (u *upload) complete(holder int, respond func(content []byte) *final) (answer func() *final, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.holder != holder {
		return nil, errSuperseded
	}
	if u.answer == nil {
		content := u.data
		u.answer = sync.OnceValue(func() *final { return respond(content) })
	}
	return u.answer, nil
}

// rewind removes the bytes after the first n, unless the upload is complete.
func (u *upload) rewind(n int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.answer == nil && n >= 0 && n < int64(len(u.data)) {
		u.data = u.data[:n:n]
	}
}

func (u *upload) state() state {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.now()
}

// now must be called with mu held.
func (u *upload) now() state {
	return state{offset: protocol.Known(int64(len(u.data))), length: u.length, complete: u.answer != nil}
}

func (u *upload) content() []byte {
	u.mu.Lock()
	defer u.mu.Unlock()
	return bytes.Clone(u.data)
}

func isKnown(n protocol.Length) bool {
	_, known := n.Int64()
	return known
}

// Header implements [http.ResponseWriter].
func (f *final) Header() http.Header { return f.header }

// WriteHeader implements [http.ResponseWriter]. Interim responses of the target are dropped.
func (f *final) WriteHeader(status int) {
	if f.status == 0 && status >= http.StatusOK {
		f.status = status
	}
}

// Write implements [http.ResponseWriter].
func (f *final) Write(p []byte) (int, error) {
	f.WriteHeader(http.StatusOK)
	return f.body.Write(p)
}
