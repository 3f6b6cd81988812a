package retry

import "context"

// Do calls fn until it returns nil or the policy p allows no further try, and
// returns nil or what [Loop.Wait] says. A nil p is Backoff{}. fn is not called
// when ctx has ended beforehand; the error is context.Cause(ctx) then.
func Do(ctx context.Context, p Policy, fn func(context.Context) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	loop := Loop{Policy: p}
	loop.Start()
	for {
		err := fn(ctx)
		if err == nil {
			return nil
		}
		if err := loop.Wait(ctx, err); err != nil {
			return err
		}
	}
}
