package retry

import "context"

// Do calls fn until it returns nil, or until [Loop.Wait] returns an error, which Do
// returns too. p decides about retries; nil: Backoff{}. If ctx has ended before, Do
// does not call fn and returns context.Cause(ctx).
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
