package failure_test

import (
	"errors"
	"testing"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

func TestRetryableClasses(t *testing.T) {
	for class, want := range map[failure.Class]bool{
		failure.ClassFinal: false, failure.ClassGone: false, failure.ClassProxyLimit: false, failure.ClassAuth: false,
		failure.ClassTransient: true, failure.ClassLocked: true, failure.ClassThrottled: true, failure.ClassResync: true, failure.ClassIntegrity: true,
	} {
		if class.Retryable() != want {
			t.Errorf("class %d: retryable %t", class, !want)
		}
	}
}

// An error that a user's Doer marks as permanent is not retried.
func TestPermanentCause(t *testing.T) {
	e := &failure.Error{Op: protocol.OpPatch, Err: retry.Permanent(errors.New("quota"))}
	if retry.Retryable(e) {
		t.Error("Retryable is true for a permanent error")
	}
}
