package clienttest

import (
	"errors"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/retry"
)

// WantClearError checks that the text of err is one line that contains each of words
// exactly once, and that err is not [retry.ErrExhausted].
func WantClearError(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	text := err.Error()
	for _, w := range words {
		if strings.Count(text, w) != 1 {
			t.Errorf("error %q does not contain %q exactly once", text, w)
		}
	}
	if strings.Contains(text, "\n") || errors.Is(err, retry.ErrExhausted) {
		t.Errorf("error %q, want no %q in it and not ErrExhausted", text, "\n")
	}
}

// ErrUnplugged is a cause for the cancellation of a context.
var ErrUnplugged = errors.New("plug pulled")

// ErrStop is an error of a source or of a callback.
var ErrStop = errors.New("stop")

// WantErrorIs checks that errors.Is holds for err and each of targets. The test ends if
// err is nil.
func WantErrorIs(t *testing.T, err error, targets ...error) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, target := range targets {
		if !errors.Is(err, target) {
			t.Errorf("error %q does not wrap %q", err, target)
		}
	}
}

// ErrorOf returns the *client.Error in err. The test ends if there is none.
func ErrorOf(t *testing.T, err error) *client.Error {
	t.Helper()
	var e *client.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v does not contain a *client.Error", err)
	}
	return e
}
