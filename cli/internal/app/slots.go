package app

import "context"

// slots returns the largest number of connections of an upload command, 0: no
// limit. With one request at a time for each file, more connections would only be
// opened while another file frees one. Files with parts of an earlier run need more
// connections, whatever the flag says now.
func (a *app) slots(ctx context.Context, u *upload) int {
	if u.parallel != 1 || !u.noResume && a.hasParts(ctx, u.stateDir) {
		return 0
	}
	return u.concurrency
}

// hasParts reports whether an earlier run began a file in parts. It ignores records
// that cannot be read, which are reported elsewhere.
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
