package retry_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tusker-go/tusker/retry"
)

// Do retries a whole operation.
func ExampleDo() {
	tries := 0
	err := retry.Do(context.Background(), retry.Delays(0, time.Millisecond), func(context.Context) error {
		tries++
		if tries < 3 {
			return errors.New("not yet")
		}
		return nil
	})
	fmt.Println(tries, err)
	// Output: 3 <nil>
}

// An error that is marked as permanent is not retried.
func ExamplePermanent() {
	err := retry.Do(context.Background(), nil, func(context.Context) error {
		return retry.Permanent(errors.New("no such upload"))
	})
	fmt.Println(err, errors.Is(err, retry.ErrExhausted))
	// Output: no such upload false
}

// Failures are counted since the last progress. This operation fails eight times, but
// never more than twice in a row.
func ExampleLoop() {
	loop := retry.Loop{Policy: retry.Delays(0, 0)}
	loop.Start()
	done, fails := 0, 0
	for done < 4 {
		if fails < 2*(done+1) {
			fails++
			if err := loop.Wait(context.Background(), errors.New("reset")); err != nil {
				fmt.Println(err)
				return
			}
			continue
		}
		done++
		loop.Progress()
	}
	fmt.Println("steps:", done, "failures:", fails)
	// Output: steps: 4 failures: 8
}

// Without jitter, which only tests need, each wait is the longest one.
func ExampleBackoff() {
	b := retry.Backoff{Jitter: -1, MaxAttempts: 8}
	for n := 1; ; n++ {
		wait, ok := b.Next(retry.Attempt{Number: n})
		if !ok {
			break
		}
		fmt.Print(wait, " ")
	}
	fmt.Println()
	// Output: 1s 2s 4s 8s 16s 32s 1m0s
}

// A policy with fixed waits that are longer if the server asks for a longer one.
func ExampleAfter() {
	fixed := retry.Delays(time.Second, 5*time.Second)
	policy := retry.PolicyFunc(func(a retry.Attempt) (time.Duration, bool) {
		wait, ok := fixed.Next(a)
		asked, _ := retry.After(a.Err)
		return max(wait, asked), ok
	})
	fmt.Println(policy.Next(retry.Attempt{Number: 1, Err: errors.New("reset")}))
	fmt.Println(policy.Next(retry.Attempt{Number: 1, Err: throttled(7 * time.Second)}))
	// Output:
	// 1s true
	// 7s true
}

// throttled is the error of a server that asks for a wait.
type throttled time.Duration

func (t throttled) Error() string { return "too many requests" }

func (t throttled) RetryAfter() (time.Duration, bool) { return time.Duration(t), true }

// A function can be a policy.
func ExamplePolicyFunc() {
	policy := retry.PolicyFunc(func(a retry.Attempt) (time.Duration, bool) {
		return 0, a.Number < 3
	})
	err := retry.Do(context.Background(), policy, func(context.Context) error {
		return errors.New("refused")
	})
	fmt.Println(err)
	// Output: gave up after 3 tries without progress: refused
}
