package fleet

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// answer is the error of a request that the server has answered with a status.
func answer(status int, class client.Class) *client.Error {
	return &client.Error{Op: protocol.OpCreate, StatusCode: status, Class: class, Err: errors.New("answer")}
}

// Each error of an attempt leads to one action.
func TestDecide(t *testing.T) {
	disk := errors.New("i/o error")
	final := answer(http.StatusBadRequest, client.ClassFinal)
	proxy := answer(http.StatusForbidden, client.ClassFinal)
	proxy.Unmarked = true
	tests := map[string]struct {
		err    error
		number int // of the attempt of 3; 0: 1
		lost   bool
		want   decision
	}{
		"complete":                   {nil, 0, false, decision{finish, ClassNone}},
		"complete after the lease":   {nil, 0, true, decision{finish, ClassNone}},
		"connection":                 {answer(0, client.ClassTransient), 0, false, decision{putBack, ClassNone}},
		"no retry left":              {&retry.ExhaustedError{Err: answer(503, client.ClassTransient)}, 2, false, decision{putBack, ClassNone}},
		"no attempt left":            {&retry.ExhaustedError{Err: answer(503, client.ClassTransient)}, 3, false, decision{fail, ClassExhausted}},
		"refused":                    {final, 0, false, decision{fail, ClassRefused}},
		"refused at the end":         {fmt.Errorf("%w: %w", client.ErrRefused, final), 0, false, decision{fail, ClassRefused}},
		"refused by a proxy":         {proxy, 0, false, decision{putBack, ClassNone}},
		"credentials of the worker":  {answer(http.StatusUnauthorized, client.ClassFinal), 0, false, decision{putBack, ClassNone}},
		"no such endpoint":           {answer(http.StatusNotFound, client.ClassGone), 0, false, decision{putBack, ClassNone}},
		"certificate":                {&client.Error{Class: client.ClassFinal, Err: client.ErrUntrusted}, 0, false, decision{putBack, ClassNone}},
		"wrong Location":             {client.ErrMisplaced, 0, false, decision{fail, ClassRefused}},
		"gone after the last byte":   {client.ErrUncertain, 0, false, decision{fail, ClassUncertain}},
		"source changed":             {fmt.Errorf("%w: %w", client.ErrSource, client.ErrSourceChanged), 0, false, decision{fail, ClassChanged}},
		"changed since the record":   {fmt.Errorf("%w: %w", client.ErrUnrecorded, client.ErrSourceChanged), 0, false, decision{fail, ClassChanged}},
		"missing":                    {fmt.Errorf("%w: %w", client.ErrSource, ErrMissing), 0, false, decision{fail, ClassMissing}},
		"missing, own source":        {&fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist}, 0, false, decision{fail, ClassMissing}},
		"unreadable":                 {fmt.Errorf("%w: %w", client.ErrSource, fs.ErrPermission), 0, false, decision{fail, ClassUnreadable}},
		"disk of the source":         {fmt.Errorf("%w: %w", client.ErrSource, disk), 0, false, decision{putBack, ClassNone}},
		"file in use":                {fmt.Errorf("%w: %w", client.ErrSource, client.ErrSourceInUse), 0, false, decision{putBack, ClassNone}},
		"a stream":                   {retry.Permanent(client.ErrUnrecorded), 0, false, decision{fail, ClassInvalid}},
		"bad message":                {fmt.Errorf("%w: path", ErrInvalid), 0, false, decision{fail, ClassInvalid}},
		"no credentials for a store": {fmt.Errorf("%w: %w", client.ErrSource, ErrNoAccess), 3, false, decision{giveBack, ClassNone}},
		"no such root":               {fmt.Errorf("%w: %w", client.ErrSource, ErrNoRoot), 3, false, decision{giveBack, ClassNone}},
		"engine is full":             {fmt.Errorf("%w: %w", client.ErrUnrecorded, ErrEngineFull), 3, false, decision{giveBack, ClassNone}},
		"worker drains":              {errDraining, 3, false, decision{giveBack, ClassNone}},
		"worker drains in a wait":    {fmt.Errorf("%w: %w", errDraining, answer(503, client.ClassTransient)), 3, false, decision{giveBack, ClassNone}},
		"lease lost":                 {client.ErrLeaseLost, 0, false, decision{abandon, ClassNone}},
		"lease lost, another error":  {final, 0, true, decision{abandon, ClassNone}},
		"overtaken":                  {client.ErrConflict, 0, false, decision{again, ClassNone}},
		"two owners":                 {client.ErrIntegrity, 0, false, decision{again, ClassNone}},
		"newer record":               {fmt.Errorf("%w: %w", client.ErrUnrecorded, client.ErrRecordVersion), 0, false, decision{putBack, ClassNone}},
		"newer record to the end":    {client.ErrRecordVersion, 3, false, decision{fail, ClassRecord}},
		"damaged record":             {errRecordDamaged, 3, false, decision{fail, ClassRecord}},
		"time limit of the source":   {context.DeadlineExceeded, 0, false, decision{putBack, ClassNone}},
		"error of an Open of theirs": {disk, 0, false, decision{putBack, ClassNone}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := decide(attempt{test.err, max(1, test.number), 3, test.lost}); got != test.want {
				t.Errorf("decide(%v) = %+v, want %+v", test.err, got, test.want)
			}
		})
	}
}

// The wait for the next attempt grows to a minute, and is at least as long as the server asks
// for.
func TestPutBackWait(t *testing.T) {
	asked := answer(http.StatusServiceUnavailable, client.ClassThrottled)
	asked.Header = http.Header{"Retry-After": {"300"}}
	for _, test := range []struct {
		number      int
		err         error
		least, most time.Duration
	}{
		{1, nil, time.Second, 2 * time.Second},
		{2, nil, 2 * time.Second, 4 * time.Second},
		{4, nil, 8 * time.Second, 16 * time.Second},
		{7, nil, 30 * time.Second, time.Minute},
		{1000, nil, 30 * time.Second, time.Minute},
		{1, asked, 5 * time.Minute, 5 * time.Minute},
	} {
		if got := putBackWait(test.number, test.err); got < test.least || got > test.most {
			t.Errorf("putBackWait(%d, %v) = %v", test.number, test.err, got)
		}
	}
}

// An upload is given up at the begin of the drain if its rate tells that it will not be
// complete in time.
func TestCanEndWithin(t *testing.T) {
	now := time.Now()
	for name, test := range map[string]struct {
		progress progress
		want     bool
	}{
		"not begun":  {progress{}, true},
		"just begun": {progress{began: now.Add(-time.Second / 2), sent: 1}, true},
		"fast":       {progress{began: now.Add(-2 * time.Second), sent: 500}, true},
		"slow":       {progress{began: now.Add(-2 * time.Second), sent: 100}, false},
		"resumed":    {progress{began: now.Add(-2 * time.Second), first: 400, sent: 500}, false},
	} {
		if got := test.progress.canEndWithin(1000, 5*time.Second, now); got != test.want {
			t.Errorf("%s: %t, want %t", name, got, test.want)
		}
	}
}
