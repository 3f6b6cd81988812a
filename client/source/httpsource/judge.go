package httpsource

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/partial"
	"github.com/tusker-go/tusker/protocol"
)

// facts is what the first answer said about an object.
type facts struct {
	size    int64 // negative: not known
	version version
	coding  string // Content-Encoding
	isPage  bool
}

// length is the size as a length.
func (f facts) length() protocol.Length {
	if f.size < 0 {
		return protocol.Length{}
	}
	return protocol.Known(f.size)
}

// answer is the part of an answer that tells whether its body has bytes of the object.
type answer struct {
	status int
	header http.Header
	length int64 // Content-Length; negative: not known
}

func (a *reply) answer() answer { return answer{a.StatusCode, a.Header, a.ContentLength} }

// mismatch is the reason why the body of an answer is not used.
type mismatch struct {
	err       error
	transient bool // another request may get another answer
}

// judge decides about the answer to a request for the bytes [start, end) of an object. It
// returns how many bytes from start on the body has. No other body is ever read as content.
func (f facts) judge(a answer, start, end int64) (n int64, wrong *mismatch) {
	switch a.status {
	case http.StatusPartialContent, http.StatusOK:
	case http.StatusPreconditionFailed:
		return 0, changed("the server says that it has another version")
	case http.StatusRequestedRangeNotSatisfiable:
		if partial.Unsatisfied(a.header) == f.length() {
			return 0, &mismatch{fmt.Errorf("%w: the server refuses a range of it", failure.ErrContent), true}
		}
		return 0, changed("the server says that it has fewer bytes")
	default:
		return 0, meaning(a.status)
	}
	// A login page of a network has no version of the object, and is no other version of it.
	if partial.MediaType(a.header) == partial.TypeHTML && !f.isPage {
		return 0, &mismatch{errPage, true}
	}
	has := partial.Range{End: f.size}
	if a.length >= 0 {
		has = partial.Range{End: a.length, Whole: protocol.Known(a.length)}
	}
	if a.status == http.StatusPartialContent {
		var err error
		if has, err = partial.ContentRange(a.header); err != nil {
			return 0, &mismatch{err, true}
		}
	}
	switch f.version.compare(a.header) {
	case relationSame:
	case relationChanged:
		return 0, changed("it has another version now: " + f.version.String() + " became " + versionOf(a.header).String())
	case relationUnnamed:
		return 0, &mismatch{errOther, true}
	}
	if size, known := has.Whole.Int64(); known && size != f.size {
		return 0, changed(fmt.Sprintf("its length was %d and is %d", f.size, size))
	}
	if coding := codingOf(a.header); coding != f.coding {
		return 0, &mismatch{fmt.Errorf("%w (Content-Encoding %q, before %q)", failure.ErrCompressed, coding, f.coding), true}
	}
	if has.Start != start {
		err := fmt.Errorf("%w: requested the bytes from %d on, got those from %d on", failure.ErrContent, start, has.Start)
		return 0, &mismatch{err, true}
	}
	return min(has.End, end) - start, nil
}

func changed(what string) *mismatch {
	return &mismatch{fmt.Errorf("%w: %s", failure.ErrSourceChanged, what), false}
}

// discover reads the answer to the request for the first byte of an object. If the bytes
// cannot be read by several requests, the error is ErrNoRanges or ErrNoVersion.
func discover(a answer) (facts, *mismatch) {
	f := facts{
		version: versionOf(a.header), coding: codingOf(a.header),
		isPage: partial.MediaType(a.header) == partial.TypeHTML,
	}
	empty := false
	switch a.status {
	case http.StatusPartialContent:
		has, err := partial.ContentRange(a.header)
		if err != nil || has.Start != 0 {
			return f, &mismatch{errors.Join(err, failure.ErrContent), true}
		}
		size, known := has.Whole.Int64()
		if !known {
			f.size = -1
			return f, &mismatch{fmt.Errorf("%w: it does not name the length", ErrNoRanges), false}
		}
		f.size = size
	case http.StatusRequestedRangeNotSatisfiable:
		if partial.Unsatisfied(a.header) != protocol.Known(0) {
			return f, &mismatch{ErrNoRanges, false}
		}
		empty = true
	case http.StatusOK, http.StatusNoContent:
		switch empty = a.length == 0 || a.status == http.StatusNoContent; {
		case empty:
		case f.isPage:
			f.size = a.length
			return f, &mismatch{fmt.Errorf("%w, and %w", ErrNoRanges, errPage), false}
		default:
			f.size = a.length
			return f, &mismatch{ErrNoRanges, false}
		}
	default:
		return f, meaning(a.status)
	}
	if f.version == (version{}) && !empty {
		return f, &mismatch{ErrNoVersion, false}
	}
	return f, nil
}

// codingOf returns the Content-Encoding of an answer. It is part of an object that was stored
// compressed; a server must not add it, because requests allow none.
func codingOf(h http.Header) string {
	if coding := strings.ToLower(h.Get("Content-Encoding")); coding != "identity" && coding != "aws-chunked" {
		return coding
	}
	return ""
}
