package batch

import (
	"errors"
	"testing"
	"time"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/client"
)

func TestTally(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	tests := map[string]struct {
		files   int
		leftOut int
		results []*client.Result
		errs    []error
		elapsed time.Duration
		want    string
	}{
		"all": {
			2, 0,
			[]*client.Result{{Offset: mib}, {Offset: 3 * mib}},
			[]error{nil, nil},
			2 * time.Second,
			"sent 2 of 2 files, 4 MiB in 2s (2 MiB/s)",
		},
		"too quick for a speed": {
			1, 0,
			[]*client.Result{{Offset: mib}},
			[]error{nil},
			12345 * time.Microsecond,
			"sent 1 of 1 files, 1 MiB in 12ms",
		},
		"all that can happen": {
			4, 2,
			[]*client.Result{{Offset: 3 * mib, Resumed: mib, Retries: 1}, {Offset: mib, Retries: 2}, {}, {}},
			[]error{nil, errors.New("no"), advice.NotStarted(errors.New("stopped")), advice.NotStarted(errors.New("stopped"))},
			time.Hour + 1234*time.Millisecond,
			"sent 1 of 4 files, 3 MiB in 1h0m1s (873 B/s), 1 failed, 2 not begun, 2 left out, 3 retries; an earlier run had sent 1 MiB",
		},
		"sent before": {
			3, 0,
			[]*client.Result{{Offset: mib}, {Offset: 3 * mib, Resumed: 3 * mib, Skipped: true}, {Resumed: mib, Offset: mib, Skipped: true}},
			[]error{nil, nil, errors.New("other bytes")},
			time.Second,
			"sent 1 of 3 files, 1 MiB in 1s (1 MiB/s), 1 skipped as sent before, 1 failed; an earlier run had sent 1 MiB",
		},
		"less than before": { // The server went back.
			1, 0,
			[]*client.Result{{Offset: mib, Resumed: 2 * mib}},
			[]error{errors.New("no")},
			time.Second,
			"sent 0 of 1 files, 0 B in 1s, 1 failed; an earlier run had sent 2 MiB",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := &tally{start: time.Now(), files: test.files, leftOut: test.leftOut}
			for i, r := range test.results {
				all.add(r, test.errs[i])
			}
			if got := all.text(all.start.Add(test.elapsed)); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
