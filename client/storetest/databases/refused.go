package databases

import (
	"errors"
	"testing"

	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/retry"
)

// WantRefused checks the errors of calls, by the name of the method, that a server could not
// answer: each is worth a retry, and says nothing about the record.
func WantRefused(t *testing.T, calls map[string]error) {
	t.Helper()
	for call, err := range calls {
		if err == nil || !retry.Retryable(err) {
			t.Errorf("%s: error %v, want one that is worth a retry", call, err)
		}
		for _, decided := range []error{journal.ErrNoRecord, journal.ErrBusy, journal.ErrConflict, journal.ErrRecordDamaged} {
			if errors.Is(err, decided) {
				t.Errorf("%s: error %v, want not %v", call, err, decided)
			}
		}
	}
}
