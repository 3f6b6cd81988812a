package app

import "context"

// slots bounds the connections of an upload command, 0: no bound. Where each file
// has one request at a time, another connection would be one that is opened while
// that of another file becomes free. Parts that an earlier run began have more than
// one, whatever the flag says now.
func (a *app) slots(ctx context.Context, u *upload) int {
	if u.parallel != 1 || !u.noResume && a.hasParts(ctx, u.stateDir) {
		return 0
	}
	return u.concurrency
}

// hasParts tells whether a file was begun in parts. Records that cannot be read are
// for others to complain of.
func (a *app) hasParts(ctx context.Context, stateDir string) bool {
	store, err := a.records(stateDir)
	if err != nil || store == nil {
		return false
	}
	for r, err := range store.List(ctx) {
		if err == nil && len(r.Parts) > 0 {
			return true
		}
	}
	return false
}
