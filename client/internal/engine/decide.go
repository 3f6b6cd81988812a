package engine

import (
	"errors"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/protocol"
)

// maxDamaged is how often the upload sends bytes again that arrived damaged.
const maxDamaged = 3

// maxDropped is the number of requests in a row that the server may drop before the next
// requests get smaller. A server drops a request if it keeps none of its bytes.
const maxDropped = 2

// phase is the next step of an upload.
type phase uint8

const (
	creating  phase = iota // there is no upload yet
	adopting               // an earlier run or another program began the upload: ask where to resume
	asking                 // an exchange failed: ask how much the server has
	appending              // the offset is known: send what the server lacks
	done                   // the server has all bytes and knows it
)

// tail is the state of the last byte of the source.
type tail uint8

const (
	tailOpen     tail = iota // it was not sent, or the server said that it did not arrive
	tailSent                 // the network took it, and the server has not answered
	tailAnswered             // the network took it, and the server has answered
)

// trust is how certain it is that the upload is at its URL.
type trust uint8

const (
	urlAnswered trust = iota // a server has answered for the URL
	urlRecent                // the same, but not every node may know the upload, because this run created it a few seconds ago
	urlTried                 // nothing has answered, but a request that sent bytes broke off, so these may have arrived
	urlNew                   // nothing has answered since the creation, so the Location may be wrong
)

// isOpen reports whether no server has answered for the URL.
func (t trust) isOpen() bool { return t == urlTried || t == urlNew }

// position is where an upload stands.
type position struct {
	Phase  phase
	URL    string // of the upload
	Trust  trust
	Next   string          // URL of the next request; not URL after a redirect that holds for one request
	Offset int64           // last offset that the server named
	Sent   int64           // bytes of the last request that the network took
	Best   int64           // highest offset that the server has acknowledged
	Reach  protocol.Length // highest offset that the server can have; unknown: no bound
	Theirs protocol.Length // the length that the server knows; unknown: not declared
	Ended  bool            // the server said that the upload is complete
	Tail   tail
	Denial failure.Denial // the last answer to the last bytes if it was an error, of an earlier run, too
}

// remedy is the reaction to a failed exchange. The remedies whose names begin with fail
// end the upload. After any other remedy, an upload that has a URL asks for the offset,
// and an upload without one repeats its creation.
type remedy uint8

const (
	retryAsClass     remedy = iota // wait if the policy allows a retry of the error, else fail
	retryAnyway                    // wait, although the class of the error does not allow a retry
	waitForLock                    // wait under the policy for locks
	waitForOther                   // wait until another upload of the Client ends
	retrySoon                      // count the failure, and wait as if bytes had just been sent: at most 20 ms for the first failure since progress
	askForNew                      // retry after a short wait, not counted: the upload may not be known everywhere yet
	askAtOnce                      // retry at once, not counted: the failure does not show whether the request arrived
	askSettled                     // as askAtOnce, but the server first has 20 ms to keep the bytes of the broken connection
	resend                         // send damaged bytes again
	renewCredentials               // retry at once with other credentials
	shrinkChunk                    // retry at once with a smaller chunk than was refused
	shrinkDropped                  // retry at once with a smaller chunk than the one of which the server kept nothing
	fail                           // fail with the error
	failMisplaced                  // fail with failure.ErrMisplaced
	failUncertain                  // fail with failure.ErrUncertain
	failRefused                    // fail with failure.ErrRefused
)

// trial is a remedy that is worth one try until the next progress.
type trial uint8

const (
	triedCredentials trial = 1 << iota // other credentials were asked for
	triedRedirect                      // the upload was asked for at its own URL again
	triedLength                        // HEAD was asked why the length was refused
	triedFresh                         // the request was repeated after a reused connection died
	triedOffset                        // an offset was refused
	triedAnswer                        // HEAD was asked whether a PATCH that was redirected is done
	triedGone                          // HEAD was asked whether an upload is gone to which a PATCH was answered with 404 or 410
)

// memory has the facts about the failures of an upload since the last progress.
type memory struct {
	Damaged   int // how often bytes arrived damaged
	Unknown   int // how often the server did not know an upload that it had just created, or bytes that it had acknowledged
	Dropped   int // requests that were cut or failed, and of which the server kept nothing
	Tried     trial
	MayRetry  bool // the policy allows a retry at all
	MayShrink bool // a smaller chunk is possible
}

func (m memory) has(t trial) bool { return m.Tried&t != 0 }

// decide returns the remedy for a failed exchange, and what the upload remembers of it.
func decide(e *failure.Error, at position, m memory) (remedy, memory) {
	switch {
	case isOfTarget(e, at) && e.Class == failure.ClassGone:
		// The target of an earlier redirect may no longer serve the upload, so the upload is
		// requested at its own URL.
		return retryAnyway, m
	case isOfTarget(e, at) && isRefusal(e) && m.MayRetry && !mayRenew(e, m) && !m.has(triedRedirect):
		// The same. A second refusal counts.
		m.Tried |= triedRedirect
		return retryAnyway, m
	case e.Class == failure.ClassScarce:
		return waitForOther, m
	case e.Stale && e.Class == failure.ClassTransient && m.MayRetry && !m.has(triedFresh):
		// Something closes idle connections early. That says nothing about the server, and
		// the next requests get connections of their own.
		m.Tried |= triedFresh
		if at.Phase == appending && at.Sent > 0 {
			return askSettled, m
		}
		return askAtOnce, m
	case isUnknown(e, at, m):
		// Another node, or a cache, may not know the upload yet. Otherwise, the Location is
		// wrong. In no case did the server finish the upload and move it away.
		if !m.MayRetry || m.Unknown == len(newWaits) {
			return failMisplaced, m
		}
		m.Unknown++
		return askForNew, m
	case e.Class == failure.ClassGone && at.Denial.Refused:
		// A server that refused the upload has deleted it.
		return failRefused, m
	case isLate(e, at, m):
		m.Unknown++
		return askForNew, m
	case e.Class == failure.ClassGone && at.Tail != tailOpen && at.Phase != appending:
		// The server may have finished the upload and moved it away.
		return failUncertain, m
	case mayBeBlocked(e, at, m):
		// Something on the way may block PATCH. HEAD says whether the upload is gone.
		m.Tried |= triedGone
		return askAtOnce, m
	case e.Class == failure.ClassFinal && at.Phase == asking && errors.Is(e, failure.ErrNotTus):
		// A tus server has answered before, so a proxy or a portal sent this answer.
		return retryAnyway, m
	case e.Blame == failure.BlameLength && e.Class == failure.ClassFinal && !m.has(triedLength):
		// An older request that was held up may have declared the length meanwhile.
		m.Tried |= triedLength
		return retryAnyway, m
	case isRedirect(e) && at.Phase == appending && (m.MayRetry || at.Tail != tailOpen) && !m.has(triedAnswer):
		// A server may send the client to the finished resource, and a login page may
		// redirect everything.
		m.Tried |= triedAnswer
		return askAtOnce, m
	case !m.MayRetry:
		return retryAsClass, m
	}
	switch e.Class {
	case failure.ClassLocked:
		return waitForLock, m
	case failure.ClassResync:
		// The first refusal of an offset may be about an older request. If the server
		// refuses an offset that it has just confirmed, it is busy, or its nodes do not see
		// the same bytes yet.
		if m.has(triedOffset) {
			return waitForLock, m
		}
		m.Tried |= triedOffset
		return retrySoon, m
	case failure.ClassIntegrity:
		if m.Damaged++; m.Damaged > maxDamaged {
			return fail, m
		}
		return resend, m
	case failure.ClassAuth:
		if mayRenew(e, m) {
			m.Tried |= triedCredentials
			return renewCredentials, m
		}
	case failure.ClassProxyLimit:
		if at.Phase == appending && m.MayShrink {
			return shrinkChunk, m
		}
	case failure.ClassTransient:
		if at.Phase != appending || !dropsBody(e, at) {
			break
		}
		// A proxy that buffers whole bodies and has a time limit never forwards a large body,
		// no matter how often it is sent.
		if m.Dropped++; m.Dropped > maxDropped && m.MayShrink {
			return shrinkDropped, m
		}
	case failure.ClassFinal, failure.ClassThrottled, failure.ClassGone, failure.ClassScarce:
	}
	return retryAsClass, m
}

// isOfTarget reports whether the target of an earlier redirect has answered a PATCH.
func isOfTarget(e *failure.Error, at position) bool {
	return at.Phase == appending && at.Next != at.URL && e.StatusCode != 0
}

// isRefusal reports whether an answer refuses the request for good, or its credentials.
func isRefusal(e *failure.Error) bool {
	return e.Class == failure.ClassFinal || e.Class == failure.ClassAuth
}

// mayRenew reports whether other credentials are worth a retry.
func mayRenew(e *failure.Error, m memory) bool {
	return e.Class == failure.ClassAuth && e.Renewable && !m.has(triedCredentials)
}

// dropsBody reports whether the server may have dropped the bytes of a failed request: the
// connection broke off, or the answer is that of a gateway or a server in trouble. Progress
// resets the count of such requests.
func dropsBody(e *failure.Error, at position) bool {
	if at.Sent == 0 || errors.Is(e, failure.ErrSource) {
		return false
	}
	return e.BrokeOff()
}

// isUnknown reports whether no server has answered for the URL of a new upload so far. It is
// false if all bytes were sent and the first HEAD gets a 404, because the server may have
// finished the upload and moved it away.
func isUnknown(e *failure.Error, at position, m memory) bool {
	switch {
	case !at.Trust.isOpen():
		return false
	case errors.Is(e, protocol.ErrGone):
		return false // the server knows that there was such an upload
	case e.Class == failure.ClassGone:
		return at.Phase == appending || at.Tail == tailOpen || m.Unknown > 0
	}
	// After bytes that may have arrived, a page is more likely that of a portal.
	return at.Trust == urlNew && at.Phase == asking && e.Class == failure.ClassFinal && errors.Is(e, failure.ErrNotTus)
}

// isLate reports whether a node behind a load balancer may not know yet what another node has
// answered before: that it created the upload, or, for a stream that cannot go back, that it
// has the bytes. The number of such questions is limited until there is progress. It is
// false if all bytes were sent and the first HEAD gets a 404, see isUnknown.
func isLate(e *failure.Error, at position, m memory) bool {
	if !m.MayRetry || m.Unknown == len(newWaits) {
		return false
	}
	switch {
	case e.Class == failure.ClassGone && errors.Is(e, protocol.ErrNotFound):
		return at.Trust == urlRecent && (at.Phase == appending || at.Tail == tailOpen || m.Unknown > 0)
	case at.Phase == asking:
		return errors.Is(e, protocol.ErrOffsetBack)
	}
	return false
}

// mayBeBlocked reports whether a PATCH got 404 or 410 although a server has answered for the URL.
// A 410 comes from a server that knows the upload, so it counts at once unless the last byte was
// sent.
func mayBeBlocked(e *failure.Error, at position, m memory) bool {
	if e.Class != failure.ClassGone || at.Phase != appending || at.Trust.isOpen() || m.has(triedGone) {
		return false
	}
	return at.Tail != tailOpen || m.MayRetry && errors.Is(e, protocol.ErrNotFound)
}

// isRedirect reports whether a request was answered by a redirect that cannot be followed.
func isRedirect(e *failure.Error) bool {
	return e.Class == failure.ClassFinal && e.StatusCode != 0 && errors.Is(e.Err, failure.ErrRedirected)
}
