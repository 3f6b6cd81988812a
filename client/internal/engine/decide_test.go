package engine

import (
	"errors"
	"fmt"
	"testing"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/protocol"
)

// decision is a row of the table of decide: what failed, in which position, and what the
// upload does next.
type decision struct {
	e    *failure.Error
	at   position
	m    memory
	want remedy
	then memory
}

// decisions returns the table. TestDecideFollowsDocs compares it with docs/faults.md.
func decisions() map[string]decision {
	const url, target = "https://tus.example/1", "https://node.example/1"
	class := func(c failure.Class) *failure.Error {
		return &failure.Error{Class: c, StatusCode: 400, Err: errors.New("x")}
	}
	at := func(p phase) position { return position{Phase: p, URL: url, Next: url, Offset: 60} }
	sent := at(asking)
	sent.Tail = tailSent
	denied := at(adopting)
	denied.Denial.Refused = true
	redirected := at(appending)
	redirected.Next = target
	notTus := class(failure.ClassFinal)
	notTus.Err = fmt.Errorf("no offset: %w", failure.ErrNotTus)
	length := class(failure.ClassFinal)
	length.Blame = failure.BlameLength
	noAnswer := class(failure.ClassGone)
	noAnswer.StatusCode = 0
	token := class(failure.ClassAuth)
	token.Renewable = true
	stale := class(failure.ClassTransient)
	stale.StatusCode, stale.Stale = 0, true
	staleLast := at(appending)
	staleLast.Tail = tailSent
	notFound := class(failure.ClassGone)
	notFound.StatusCode, notFound.Err = 404, protocol.ErrNotFound
	expired := class(failure.ClassGone)
	expired.StatusCode, expired.Err = 410, protocol.ErrGone
	fresh := func(p phase, end tail) position {
		at := at(p)
		at.Tail, at.Trust = end, urlNew
		return at
	}
	tried := func(end tail) position {
		at := at(asking)
		at.Tail, at.Trust = end, urlTried
		return at
	}
	redirect := class(failure.ClassFinal)
	redirect.StatusCode, redirect.Err = 303, fmt.Errorf("%w to the resource", failure.ErrRedirected)
	last := at(appending)
	last.Tail = tailSent
	may := memory{MayRetry: true}
	with := func(change func(*memory)) memory {
		m := may
		change(&m)
		return m
	}
	gone := with(func(m *memory) { m.Tried = triedGone })
	refused := with(func(m *memory) { m.Tried = triedOffset })
	recent := func(p phase, end tail) position {
		at := at(p)
		at.Tail, at.Trust = end, urlRecent
		return at
	}
	back := class(failure.ClassFinal)
	back.StatusCode, back.Err = 200, protocol.ErrOffsetBack
	unknown := func(n int) memory { return memory{MayRetry: true, Unknown: n} }

	body := at(appending)
	body.Sent = 1 << 20
	answer := func(status int, err error) *failure.Error {
		return &failure.Error{Class: failure.ClassTransient, StatusCode: status, Err: err}
	}
	cut := answer(0, errors.New("connection reset"))
	lost := func(n int, shrinks bool) memory { return memory{MayRetry: true, MayShrink: shrinks, Dropped: n} }

	return map[string]decision{
		"the connection broke":                           {class(failure.ClassTransient), at(appending), may, retryAsClass, may},
		"the server refuses":                             {class(failure.ClassFinal), at(appending), may, retryAsClass, may},
		"no more open files":                             {class(failure.ClassScarce), at(appending), may, waitForOther, may},
		"no more open files, and no retry is allowed":    {class(failure.ClassScarce), at(creating), memory{}, waitForOther, memory{}},
		"throttled":                                      {class(failure.ClassThrottled), at(appending), may, retryAsClass, may},
		"locked":                                         {class(failure.ClassLocked), at(asking), may, waitForLock, may},
		"locked, and no retry is allowed":                {class(failure.ClassLocked), at(asking), memory{}, retryAsClass, memory{}},
		"409 for the first time":                         {class(failure.ClassResync), at(appending), may, retrySoon, refused},
		"409 without progress since another 409":         {class(failure.ClassResync), at(appending), refused, waitForLock, refused},
		"damaged":                                        {class(failure.ClassIntegrity), at(appending), may, resend, with(func(m *memory) { m.Damaged = 1 })},
		"damaged for the fourth time":                    {class(failure.ClassIntegrity), at(appending), with(func(m *memory) { m.Damaged = 3 }), fail, with(func(m *memory) { m.Damaged = 4 })},
		"a fixed token is refused":                       {class(failure.ClassAuth), at(appending), may, retryAsClass, may},
		"a token is refused":                             {token, at(appending), may, renewCredentials, with(func(m *memory) { m.Tried = triedCredentials })},
		"a token is refused again":                       {token, at(appending), with(func(m *memory) { m.Tried = triedCredentials }), retryAsClass, with(func(m *memory) { m.Tried = triedCredentials })},
		"a proxy limits bodies":                          {class(failure.ClassProxyLimit), at(appending), with(func(m *memory) { m.MayShrink = true }), shrinkChunk, with(func(m *memory) { m.MayShrink = true })},
		"a proxy limits bodies of the least size":        {class(failure.ClassProxyLimit), at(appending), may, retryAsClass, may},
		"a proxy limits the body of a creation":          {class(failure.ClassProxyLimit), at(creating), with(func(m *memory) { m.MayShrink = true }), retryAsClass, with(func(m *memory) { m.MayShrink = true })},
		"gone":                                           {class(failure.ClassGone), at(asking), may, retryAsClass, may},
		"gone after a refusal":                           {class(failure.ClassGone), denied, may, failRefused, may},
		"gone after the last byte":                       {class(failure.ClassGone), sent, may, failUncertain, may},
		"a page in place of the server":                  {notTus, at(asking), may, retryAnyway, may},
		"a page when the server is asked first":          {notTus, at(adopting), may, retryAsClass, may},
		"the length is refused":                          {length, at(appending), may, retryAnyway, with(func(m *memory) { m.Tried = triedLength })},
		"the length is refused again":                    {length, at(appending), with(func(m *memory) { m.Tried = triedLength }), retryAsClass, with(func(m *memory) { m.Tried = triedLength })},
		"gone at the target of a redirect":               {class(failure.ClassGone), redirected, may, retryAnyway, may},
		"refused at the target of a redirect":            {class(failure.ClassFinal), redirected, may, retryAnyway, with(func(m *memory) { m.Tried = triedRedirect })},
		"refused at the target of a redirect again":      {class(failure.ClassFinal), redirected, with(func(m *memory) { m.Tried = triedRedirect }), retryAsClass, with(func(m *memory) { m.Tried = triedRedirect })},
		"a token is refused at the target of a redirect": {token, redirected, may, renewCredentials, with(func(m *memory) { m.Tried = triedCredentials })},
		"404 to the first bytes":                         {notFound, fresh(appending, tailOpen), may, askForNew, with(func(m *memory) { m.Unknown = 1 })},
		"404 to the first bytes, which are all":          {notFound, fresh(appending, tailSent), may, askForNew, with(func(m *memory) { m.Unknown = 1 })},
		"404 to the question after that":                 {notFound, fresh(asking, tailSent), with(func(m *memory) { m.Unknown = 1 }), askForNew, with(func(m *memory) { m.Unknown = 2 })},
		"404 to the last question":                       {notFound, fresh(asking, tailSent), with(func(m *memory) { m.Unknown = 3 }), failMisplaced, with(func(m *memory) { m.Unknown = 3 })},
		"404 to the first bytes without retries":         {notFound, fresh(appending, tailSent), memory{}, failMisplaced, memory{}},
		"404 after the answer to all bytes was lost":     {notFound, fresh(asking, tailSent), may, failUncertain, may},
		"404 after the answer to some bytes was lost":    {notFound, fresh(asking, tailOpen), may, askForNew, with(func(m *memory) { m.Unknown = 1 })},
		"404 to the last bytes of a known upload":        {notFound, last, may, askAtOnce, gone},
		"404 to the last bytes, which HEAD lacks":        {notFound, last, gone, retryAsClass, gone},
		"404 to the last bytes without retries":          {notFound, last, memory{}, askAtOnce, memory{Tried: triedGone}},
		"410 to the first bytes, which are all":          {expired, fresh(appending, tailSent), may, retryAsClass, may},
		"404 to further bytes of a recent upload":        {notFound, recent(appending, tailOpen), may, askForNew, unknown(1)},
		"404 to bytes of a known upload":                 {notFound, at(appending), may, askAtOnce, gone},
		"404 to bytes of a known upload again":           {notFound, at(appending), gone, retryAsClass, gone},
		"404 to bytes of a known upload without retries": {notFound, at(appending), memory{}, retryAsClass, memory{}},
		"410 to bytes of a known upload":                 {expired, at(appending), may, retryAsClass, may},
		"404 to the last bytes of a recent upload":       {notFound, recent(appending, tailSent), may, askForNew, unknown(1)},
		"404 to the question after these":                {notFound, recent(asking, tailSent), unknown(1), askForNew, unknown(2)},
		"404 to the question about a recent upload":      {notFound, recent(asking, tailOpen), may, askForNew, unknown(1)},
		"404 for a recent upload at last":                {notFound, recent(asking, tailOpen), unknown(3), retryAsClass, unknown(3)},
		"404 for all of a recent upload at last":         {notFound, recent(asking, tailSent), unknown(3), failUncertain, unknown(3)},
		"404 to the lost end of a recent upload":         {notFound, recent(asking, tailSent), may, failUncertain, may},
		"404 for a recent upload without retries":        {notFound, recent(appending, tailOpen), memory{}, retryAsClass, memory{}},
		"410 for a recent upload":                        {expired, recent(appending, tailOpen), may, retryAsClass, may},
		"a stream cannot go back":                        {back, at(asking), may, askForNew, unknown(1)},
		"a page for a new upload":                        {notTus, fresh(asking, tailSent), may, askForNew, with(func(m *memory) { m.Unknown = 1 })},
		"a page for a new upload at last":                {notTus, fresh(asking, tailSent), with(func(m *memory) { m.Unknown = 3 }), failMisplaced, with(func(m *memory) { m.Unknown = 3 })},
		"a page after bytes that may have arrived":       {notTus, tried(tailSent), may, retryAnyway, may},
		"404 after bytes that may have arrived":          {notFound, tried(tailOpen), may, askForNew, unknown(1)},
		"404 after all bytes may have arrived":           {notFound, tried(tailSent), may, failUncertain, may},
		"a reused connection died":                       {stale, at(appending), may, askAtOnce, with(func(m *memory) { m.Tried = triedFresh })},
		"a reused connection died in a body":             {stale, body, may, askSettled, with(func(m *memory) { m.Tried = triedFresh })},
		"a reused connection died at the creation":       {stale, at(creating), may, askAtOnce, with(func(m *memory) { m.Tried = triedFresh })},
		"a reused connection died at the question":       {stale, at(asking), may, askAtOnce, with(func(m *memory) { m.Tried = triedFresh })},
		"a reused connection died at the last bytes":     {stale, staleLast, may, askAtOnce, with(func(m *memory) { m.Tried = triedFresh })},
		"a reused connection died again":                 {stale, at(appending), with(func(m *memory) { m.Tried = triedFresh }), retryAsClass, with(func(m *memory) { m.Tried = triedFresh })},
		"a reused connection died without retries":       {stale, at(appending), memory{}, retryAsClass, memory{}},
		"a redirect of the last bytes":                   {redirect, last, may, askAtOnce, with(func(m *memory) { m.Tried = triedAnswer })},
		"a redirect of the last bytes again":             {redirect, last, with(func(m *memory) { m.Tried = triedAnswer }), retryAsClass, with(func(m *memory) { m.Tried = triedAnswer })},
		"a redirect of the last bytes without retries":   {redirect, last, memory{}, askAtOnce, memory{Tried: triedAnswer}},
		"a redirect of other bytes":                      {redirect, at(appending), may, askAtOnce, with(func(m *memory) { m.Tried = triedAnswer })},
		"a redirect of other bytes without retries":      {redirect, at(appending), memory{}, retryAsClass, memory{}},
		"no answer from the target of a redirect":        {noAnswer, redirected, may, retryAsClass, may},
		"a body is lost":                                 {cut, body, lost(0, true), retryAsClass, lost(1, true)},
		"a second body is lost":                          {cut, body, lost(1, true), retryAsClass, lost(2, true)},
		"a third body is lost":                           {cut, body, lost(2, true), shrinkDropped, lost(3, true)},
		"a fourth body is lost":                          {cut, body, lost(3, true), shrinkDropped, lost(4, true)},
		"a third body of the least size is lost":         {cut, body, lost(2, false), retryAsClass, lost(3, false)},
		"a gateway gives up a third time":                {answer(504, protocol.ErrServer), body, lost(2, true), shrinkDropped, lost(3, true)},
		"a proxy cuts a third time with 408":             {answer(408, protocol.ErrTimeout), body, lost(2, true), shrinkDropped, lost(3, true)},
		"a third body stalls":                            {answer(0, failure.ErrStalled), body, lost(2, true), shrinkDropped, lost(3, true)},
		"a full disk after lost bodies":                  {answer(507, protocol.ErrInsufficientStorage), body, lost(2, true), retryAsClass, lost(2, true)},
		"a full disk behind a 500":                       {answer(500, protocol.ErrInsufficientStorage), body, lost(2, true), retryAsClass, lost(2, true)},
		"a trailer is refused after lost bodies":         {answer(501, protocol.ErrNotImplemented), body, lost(2, true), retryAsClass, lost(2, true)},
		"a third success without an offset":              {answer(204, protocol.ErrMissingHeader), body, lost(2, true), retryAsClass, lost(2, true)},
		"a third request without a body":                 {cut, at(appending), lost(2, true), retryAsClass, lost(2, true)},
		"a HEAD fails after lost bodies":                 {cut, at(asking), lost(2, true), retryAsClass, lost(2, true)},
		"the source fails after lost bodies":             {answer(0, failure.ErrSource), body, lost(2, true), retryAsClass, lost(2, true)},
		"throttled after lost bodies":                    {class(failure.ClassThrottled), body, lost(2, true), retryAsClass, lost(2, true)},
	}
}

func TestDecide(t *testing.T) {
	for name, test := range decisions() {
		t.Run(name, func(t *testing.T) {
			got, then := decide(test.e, test.at, test.m)
			if got != test.want || then != test.then {
				t.Errorf("remedy %d, want %d; memory %+v, want %+v", got, test.want, then, test.then)
			}
		})
	}
}
