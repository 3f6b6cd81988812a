package fleet

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// action is what a worker does with an item after an attempt.
type action uint8

const (
	// finish: the upload is complete.
	finish action = iota + 1

	// fail: the item failed for good.
	fail

	// putBack: the attempt counts, and the item is tried again after a wait.
	putBack

	// giveBack: the attempt does not count, and another worker gets the item.
	giveBack

	// again: another worker has recorded an upload, so this one looks at the record.
	again

	// abandon: another worker may have the item by now, so this one does nothing.
	abandon
)

// errDraining is the cause of the end of an upload whose worker drains.
var errDraining = errors.New("worker is draining")

// attempt is how an attempt ended.
type attempt struct {
	err       error
	number    int  // of the attempt, from 1
	most      int  // attempts of an item
	leaseLost bool // another worker may have the item
}

// maxAgain is how often one claim looks at a record that another worker changed.
const maxAgain = 5

// decision is what follows from an attempt.
type decision struct {
	action action
	class  Class // with fail
}

// decide returns what follows from an attempt.
func decide(a attempt) decision {
	kind := kindOf(a.err)
	switch {
	case a.err == nil:
		return decision{action: finish}
	case a.leaseLost, kind == kindLost:
		return decision{action: abandon}
	case kind == kindDraining, kind == kindEngine, kind == kindRoot, kind == kindSuspect:
		return decision{action: giveBack}
	case kind == kindOvertaken:
		return decision{action: again}
	case kind == kindFinal:
		return decision{fail, classOf(a.err)}
	case a.number < a.most:
		return decision{action: putBack}
	}
	if class := classOf(a.err); class == ClassRecord {
		return decision{fail, class}
	}
	return decision{fail, ClassExhausted}
}

// kind is what an error means for an item.
type kind uint8

const (
	kindNone      kind = iota
	kindLost           // the lease
	kindDraining       // the worker
	kindEngine         // it has no space
	kindRoot           // the worker cannot reach the place of the item
	kindSuspect        // the worker has another item with which a worker has died
	kindOvertaken      // another worker changed the record, or sends to the same upload
	kindFinal          // no retry helps
	kindTransient
)

// kindOf returns the meaning of an error. The order matters, because an error may be several
// ones.
func kindOf(err error) kind {
	switch {
	case err == nil:
		return kindNone
	case errors.Is(err, client.ErrLeaseLost):
		return kindLost
	case errors.Is(err, errDraining):
		return kindDraining
	case errors.Is(err, errSuspect):
		return kindSuspect
	case errors.Is(err, ErrEngineFull):
		return kindEngine
	case errors.Is(err, ErrNoRoot), errors.Is(err, ErrNoAccess):
		return kindRoot
	case errors.Is(err, client.ErrConflict), errors.Is(err, client.ErrIntegrity):
		// The server has bytes that this worker has not sent, because another one has.
		return kindOvertaken
	case classOf(err) == ClassRecord:
		return kindTransient // a newer worker may take the item
	case classOf(err) != ClassNone:
		return kindFinal
	}
	return kindTransient
}

// finalErrors are the errors that no retry helps against, by their class. The first one that an
// error Is counts.
var finalErrors = []struct {
	err   error
	class Class
}{
	{client.ErrRecordVersion, ClassRecord},
	{errRecordDamaged, ClassRecord},
	{client.ErrUncertain, ClassUncertain},
	{client.ErrRefused, ClassRefused},
	{client.ErrDifferent, ClassRefused},
	{client.ErrSourceChanged, ClassChanged},
	{ErrMissing, ClassMissing},
	{fs.ErrNotExist, ClassMissing},
	{ErrUnreadable, ClassUnreadable},
	{fs.ErrPermission, ClassUnreadable},
	{client.ErrLengthMismatch, ClassRefused},
	{client.ErrMisplaced, ClassRefused},
	{ErrInvalid, ClassInvalid},
	{client.ErrInvalidOption, ClassInvalid},
	{protocol.ErrInvalidMetadata, ClassInvalid},
}

// classOf returns the class of an error that no retry helps against, or ClassNone.
func classOf(err error) Class {
	for _, final := range finalErrors {
		if errors.Is(err, final.err) {
			return final.class
		}
	}
	if retry.Retryable(err) || errors.Is(err, retry.ErrExhausted) {
		return ClassNone
	}
	if errors.Is(err, client.ErrUnrecorded) {
		return ClassInvalid // no worker can recognize the source
	}
	if isRefusal(err) {
		return ClassRefused
	}
	return ClassNone
}

// isRefusal reports whether the upload server refused an item. Credentials that are wrong, a
// certificate that is not trusted, and the answer of a proxy are about the worker, so another
// one may be able to upload the item.
func isRefusal(err error) bool {
	e, ok := errors.AsType[*client.Error](err)
	if !ok || e.StatusCode == 0 || e.Unmarked || errors.Is(err, client.ErrNotTus) || errors.Is(err, client.ErrRedirected) {
		return false
	}
	switch e.StatusCode {
	case http.StatusUnauthorized, http.StatusProxyAuthRequired, http.StatusNotFound, http.StatusMethodNotAllowed:
		return false
	}
	return true
}

// putBackWait is how long an item waits for its next attempt after the failure with this
// number: between half of the longest wait and the longest wait, which doubles, and at least as
// long as the server asks for.
func putBackWait(number int, err error) time.Duration {
	const (
		first = 2 * time.Second
		most  = time.Minute
	)
	wait := most
	if number < 6 {
		wait = min(most, first<<(max(1, number)-1))
	}
	wait = wait/2 + rand.N(wait/2)
	if e, ok := errors.AsType[*client.Error](err); ok {
		if asked, ok := e.RetryAfter(); ok {
			wait = max(wait, min(asked, time.Hour))
		}
	}
	return wait
}

// giveBackWait is how long an item that this worker cannot upload waits, after this number of
// deliveries. Without a wait, the same worker would get it again and again.
func giveBackWait(k kind, deliveries int) time.Duration {
	const (
		first = 100 * time.Millisecond
		most  = 30 * time.Second
	)
	switch k {
	case kindDraining:
		return 0
	case kindSuspect:
		return suspectWait
	default:
	}
	if deliveries >= 9 {
		return most
	}
	return min(most, first<<max(0, deliveries-1))
}

// maxDeaths is how many workers in a row may die with an item that came no further meanwhile,
// besides the first one.
const maxDeaths = 5
