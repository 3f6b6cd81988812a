package integration

import (
	"iter"
	"maps"
	"net/http"

	"github.com/tusker-go/tusker/protocol"
)

// headerAnswer marks an answer that is not from tusd. Its value is the index in statuses.
const headerAnswer = "Model-Answer"

// meaning is the effect of an answer on an upload.
type meaning uint8

const (
	ending  meaning = iota // the upload fails at once
	again                  // the upload retries until the policy ends
	busy                   // the upload retries within the limits for locks
	resync                 // the upload asks for the offset and resumes
	damaged                // the upload sends the bytes again, three times at most
	limited                // the upload resumes with smaller bodies, down to leastBody
	ignored                // the upload continues without the requested feature
	moved                  // the upload asks once whether it is complete, and then fails
	strange                // retry if a tus server has answered for the upload before, otherwise ending
)

// answer is the answer of a proxy or another server, and its meaning for each method. An
// answer to HEAD has no body, so it has no code and no text.
type answer struct {
	status int
	header http.Header
	body   string
	errs   []error // the error of a failed upload wraps one of these

	patch, head, post meaning
}

// to returns the meaning of the answer to a request.
func (a answer) to(method string, length int64) meaning {
	if method == http.MethodOptions {
		// A server that does not answer OPTIONS correctly is used without extensions.
		if a.post == ending && a.status != http.StatusUnauthorized {
			return ignored
		}
		return a.post
	}
	m := maps.Collect(a.methods())[method]
	if m == limited && length <= leastBody {
		return ending
	}
	return m
}

func (a answer) methods() iter.Seq2[string, meaning] {
	return maps.All(map[string]meaning{
		http.MethodPatch: a.patch, http.MethodHead: a.head, http.MethodPost: a.post,
	})
}

// statusDamaged is the status of the checksum extension of tus.
const statusDamaged = 460

func retryAfter(value string) http.Header { return http.Header{"Retry-After": {value}} }

func is(errs ...error) []error { return errs }

var fromTus = http.Header{protocol.HeaderResumable: {protocol.Version}}

var statuses = []answer{
	// These answers are retried.
	{408, nil, "", is(protocol.ErrTimeout), again, again, again},
	{425, nil, "", is(protocol.ErrTooEarly), again, again, again},
	{500, nil, "oops", is(protocol.ErrServer), again, again, again},
	{500, nil, "ERR_READ_TIMEOUT: timed out\n", is(protocol.ErrServer), again, again, again},
	{500, nil, "ERR_CONNECTION_RESET: reset\n", is(protocol.ErrServer), again, again, again},
	{502, nil, "<html>Bad Gateway</html>", is(protocol.ErrServer), again, again, again},
	{502, retryAfter("3"), "", is(protocol.ErrServer), again, again, again},
	{503, nil, "", is(protocol.ErrUnavailable), again, again, again},
	{503, nil, "ERR_SERVER_SHUTDOWN: bye\n", is(protocol.ErrUnavailable), again, again, again},
	{503, retryAfter("30"), "", is(protocol.ErrUnavailable), again, again, again},
	{504, nil, "", is(protocol.ErrServer), again, again, again},
	{507, nil, "", is(protocol.ErrServer), again, again, again},
	{400, nil, "ERR_UPLOAD_INTERRUPTED: interrupted\n", is(protocol.ErrBadRequest), again, ending, again},
	{400, nil, "ERR_UNEXPECTED_EOF: eof\n", is(protocol.ErrBadRequest), again, ending, again},
	{400, nil, "Request aborted due to lock acquired\n", is(protocol.ErrBadRequest), again, ending, again},

	// These answers ask for a wait.
	{429, nil, "slow down", is(protocol.ErrTooManyRequests), again, again, again},
	{429, retryAfter("7"), "slow down", is(protocol.ErrTooManyRequests), again, again, again},
	{429, retryAfter("86400"), "", is(protocol.ErrTooManyRequests), again, again, again},
	// The clock of a bubble starts on the first of January 2000.
	{429, retryAfter("Sat, 01 Jan 2000 00:01:00 GMT"), "", is(protocol.ErrTooManyRequests), again, again, again},
	{429, retryAfter("soon"), "", is(protocol.ErrTooManyRequests), again, again, again},

	// Another request holds the upload.
	{423, nil, "", is(protocol.ErrLocked), busy, busy, busy},
	{423, nil, "ERR_UPLOAD_LOCKED: locked\n", is(protocol.ErrLocked), busy, busy, busy},
	{500, nil, "ERR_LOCK_TIMEOUT: timed out\n", is(protocol.ErrServer), busy, again, busy},
	{503, nil, "could not get the lock", is(protocol.ErrUnavailable), busy, again, busy},

	// The offset of the server differs.
	{409, nil, "", is(protocol.ErrOffsetMismatch, protocol.ErrConflict), resync, busy, ending},
	{409, nil, "ERR_MISMATCHED_OFFSET: mismatched offset\n", is(protocol.ErrOffsetMismatch, protocol.ErrConflict), resync, busy, resync},

	// The body is too large or damaged.
	{413, nil, "<html>too large</html>", is(protocol.ErrTooLarge), limited, ending, ending},
	{413, fromTus, "ERR_MAX_SIZE_EXCEEDED: too large\n", is(protocol.ErrTooLarge), ending, ending, ending},
	{statusDamaged, nil, "", is(protocol.ErrChecksumMismatch), damaged, damaged, damaged},

	// These successes lack the required headers.
	{200, nil, "<html>welcome to the hotel</html>", is(protocol.ErrMissingHeader), again, strange, ending},
	{204, nil, "", is(protocol.ErrMissingHeader), again, strange, ending},
	{202, nil, "", is(protocol.ErrMissingHeader), again, strange, ending},

	// These answers are final.
	{301, nil, "", is(protocol.ErrRedirect), moved, ending, ending},
	{302, nil, "", is(protocol.ErrRedirect), moved, ending, ending},
	{304, nil, "", is(protocol.ErrRedirect), moved, ending, ending},
	{400, nil, "no", is(protocol.ErrBadRequest), ending, ending, ending},
	{400, nil, "ERR_UPLOAD_REJECTED: no\n", is(protocol.ErrBadRequest), ending, ending, ending},
	{401, nil, "who are you?", is(protocol.ErrUnauthorized), ending, ending, ending},
	{403, nil, "", is(protocol.ErrForbidden), ending, ending, ending},
	{404, nil, "", is(protocol.ErrNotFound), ending, ending, ending},
	{405, nil, "", is(protocol.ErrMethodNotAllowed), ending, ending, ending},
	{410, nil, "", is(protocol.ErrGone), ending, ending, ending},
	{412, nil, "", is(protocol.ErrUnsupportedVersion), ending, ending, ending},
	{415, nil, "", is(protocol.ErrUnsupportedMediaType), ending, ending, ending},
	{422, nil, "", is(protocol.ErrUnexpectedStatus), ending, ending, ending},
	{500, nil, "ERR_UPLOAD_STOPPED: no\n", is(protocol.ErrServer), ending, again, ending},
	{501, nil, "", is(protocol.ErrNotImplemented), ending, ending, ending},
	{505, nil, "", is(protocol.ErrServer), ending, ending, ending},
}
