package flags

import (
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// counting is a command that prints 1, 2, 3, and takes a second for each run.
func counting() (*tokenCommand, *atomic.Int32) {
	runs := new(atomic.Int32)
	return &tokenCommand{run: func() (string, error) {
		time.Sleep(time.Second)
		return strconv.Itoa(int(runs.Add(1))), nil
	}}, runs
}

func wantToken(t *testing.T, c *tokenCommand, want string) {
	t.Helper()
	if got, err := c.Token(t.Context()); got != want || err != nil {
		t.Errorf("token %q, error %v, want %q", got, err, want)
	}
}

// The command runs once when the same token of several uploads is refused.
func TestTokenCommandRunsOncePerRefusal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, runs := counting()
		var uploads sync.WaitGroup
		for range 5 {
			uploads.Go(func() {
				wantToken(t, c, "1")
				c.Invalidate("1")
				wantToken(t, c, "2")
				// This is the answer to a request that was under way all the time.
				c.Invalidate("1")
				wantToken(t, c, "2")
			})
		}
		uploads.Wait()
		if runs.Load() != 2 {
			t.Errorf("the command ran %d times, want 2", runs.Load())
		}
	})
}

func TestTokenCommandInvalidate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := counting()
		c.Invalidate("0") // nothing was asked for yet
		wantToken(t, c, "1")
		c.Invalidate("0")
		wantToken(t, c, "1")
		c.Invalidate("1")
		go func() { _, _ = c.Token(t.Context()) }()
		synctest.Wait()
		c.Invalidate("1") // while the command runs
		wantToken(t, c, "2")
		c.Invalidate("2")
		wantToken(t, c, "3")
	})
}

// A later request runs a failed command again, but not each of a list of files
// does.
func TestTokenCommandRecovers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		failed := errors.New("no luck")
		c := &tokenCommand{run: func() (string, error) {
			time.Sleep(time.Minute)
			if runs++; runs > 1 {
				return "token", nil
			}
			return "", failed
		}}
		for range 2 {
			if _, err := c.Token(t.Context()); !errors.Is(err, failed) {
				t.Errorf("error %v, want %v", err, failed)
			}
			c.Invalidate("")
			time.Sleep(tokenPause / 2)
		}
		if runs != 1 {
			t.Errorf("the command ran %d times, want 1", runs)
		}
		wantToken(t, c, "token")
		time.Sleep(tokenPause)
		wantToken(t, c, "token")
		if runs != 2 {
			t.Errorf("the command ran %d times, want 2", runs)
		}
	})
}
