package journal_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/client/journal"
)

// SaveBySwap says why a step was refused, changes the record only after success, and replaces a
// damaged record only if none is known.
func TestSaveBySwap(t *testing.T) {
	t.Parallel()
	errDown := errors.New("the database is down")
	for name, test := range map[string]struct {
		known  string
		swaps  []any // the answers of swap: true, false or an error
		loaded error
		want   error  // nil: the record is saved
		text   string // part of the error
	}{
		"new":                 {"", []any{true}, nil, nil, ""},
		"replaced":            {"1", []any{true}, nil, nil, ""},
		"another revision":    {"1", []any{false}, nil, journal.ErrConflict, ""},
		"exists already":      {"", []any{false}, nil, journal.ErrConflict, ""},
		"gone":                {"1", []any{false}, journal.ErrNoRecord, journal.ErrConflict, "the store does not have it any more"},
		"deleted meanwhile":   {"", []any{false}, journal.ErrNoRecord, journal.ErrConflict, ""},
		"damaged":             {"", []any{false, true}, journal.ErrRecordDamaged, nil, ""},
		"damaged, then saved": {"", []any{false, false}, journal.ErrRecordDamaged, journal.ErrConflict, ""},
		"damaged and known":   {"1", []any{false}, journal.ErrRecordDamaged, journal.ErrConflict, ""},
		"newer version":       {"1", []any{false}, journal.ErrRecordVersion, journal.ErrRecordVersion, ""},
		"cannot be loaded":    {"1", []any{false}, errDown, journal.ErrConflict, ""},
		"down":                {"1", []any{errDown}, nil, errDown, ""},
		"down, then damaged":  {"", []any{false, errDown}, journal.ErrRecordDamaged, errDown, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &journal.Record{Key: "k", URL: "https://h/1", Revision: test.known}
			calls := 0
			err := journal.SaveBySwap(t.Context(), r, func(_ context.Context, s journal.Swap) (bool, error) {
				if s.Key != "k" || s.Known != test.known || s.Revision == "" || s.Version != journal.VersionOf(r) || !strings.Contains(string(s.Text), r.URL) {
					t.Errorf("the step is %+v", s)
				}
				calls++
				if err, failed := test.swaps[calls-1].(error); failed {
					return false, err
				}
				return test.swaps[calls-1].(bool), nil
			}, func(context.Context, string) (*journal.Record, error) { return nil, test.loaded })
			if !errors.Is(err, test.want) || err != nil && !strings.Contains(err.Error(), test.text) {
				t.Errorf("error %v, want %v with the text %q", err, test.want, test.text)
			}
			if calls != len(test.swaps) {
				t.Errorf("%d steps, want %d", calls, len(test.swaps))
			}
			if changed := r.Revision != test.known; changed != (test.want == nil) {
				t.Errorf("the revision is %q after the error %v, and was %q", r.Revision, err, test.known)
			}
		})
	}
}

// SaveBySwap does not call the database for a record that breaks the rules, or after the end of the
// context.
func TestSaveBySwapRefuses(t *testing.T) {
	t.Parallel()
	swap := func(context.Context, journal.Swap) (bool, error) {
		t.Error("the database was called")
		return true, nil
	}
	if err := journal.SaveBySwap(t.Context(), &journal.Record{}, swap, nil); !errors.Is(err, journal.ErrInvalidRecord) {
		t.Errorf("error %v, want %v", err, journal.ErrInvalidRecord)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("the user has gone")
	cancel(cause)
	if err := journal.SaveBySwap(ctx, &journal.Record{Key: "k", URL: "https://h/1"}, swap, nil); !errors.Is(err, cause) {
		t.Errorf("error %v, want %v", err, cause)
	}
}
