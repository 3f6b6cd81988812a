package batch

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Files are sent after a time without a change, once in each state, and again after a failure.
func TestPending(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(seconds int) time.Time { return begin.Add(time.Duration(seconds) * time.Second) }
	file := func(name string, modified int) entry {
		return entry{name: name, size: 1, modified: at(modified).UnixNano()}
	}
	errFailed := errors.New("failed")
	type look struct {
		now     int
		entries []entry
		due     []string
		next    int // 0: no file waits
		end     error
	}
	tests := map[string][]look{
		"an old file is sent once": {
			{now: 100, entries: []entry{file("a", 0)}, due: []string{"a"}},
			{now: 101, entries: []entry{file("a", 0)}},
		},
		"a file settles": {
			{now: 100, entries: []entry{file("a", 98)}, next: 103},
			{now: 102, entries: []entry{file("a", 102)}, next: 107},
			{now: 107, entries: []entry{file("a", 102)}, due: []string{"a"}},
		},
		"a file of a clock that is ahead settles": {
			{now: 100, entries: []entry{file("a", 9000)}, next: 105},
			{now: 105, entries: []entry{file("a", 9000)}, due: []string{"a"}},
		},
		"a file that changes later is sent again": {
			{now: 100, entries: []entry{file("a", 0)}, due: []string{"a"}},
			{now: 200, entries: []entry{file("a", 199)}, next: 204},
			{now: 204, entries: []entry{file("a", 199)}, due: []string{"a"}},
		},
		"a file that comes back is sent again": {
			{now: 100, entries: []entry{file("a", 0)}, due: []string{"a"}},
			{now: 101},
			{now: 102, entries: []entry{file("a", 0)}, due: []string{"a"}},
		},
		"a failure is repeated, later each time": {
			{now: 100, entries: []entry{file("a", 0), file("b", 99)}, due: []string{"a"}, next: 104, end: errFailed},
			{now: 104, entries: []entry{file("a", 0), file("b", 99)}, due: []string{"b"}, next: 130},
			{now: 130, entries: []entry{file("a", 0), file("b", 99)}, due: []string{"a"}, end: errFailed},
			{now: 131, entries: []entry{file("a", 0)}, next: 190},
			{now: 190, entries: []entry{file("a", 0)}, due: []string{"a"}},
		},
		"a change ends the wait after a failure": {
			{now: 100, entries: []entry{file("a", 0)}, due: []string{"a"}, end: errFailed},
			{now: 110, entries: []entry{file("a", 101)}, due: []string{"a"}},
		},
		"a directory that cannot be read": {
			{now: 100, entries: []entry{{name: "d", err: errFailed}}, due: []string{"d"}, end: errFailed},
			{now: 101, entries: []entry{{name: "d", err: errFailed}}, next: 130},
		},
	}
	for name, looks := range tests {
		p := &pending{settle: 5 * time.Second}
		for _, l := range looks {
			due, next := p.pick(at(l.now), l.entries)
			var names []string
			for _, e := range due {
				names = append(names, e.name)
				p.ended(at(l.now), e.name, l.end)
			}
			want := time.Time{}
			if l.next != 0 {
				want = at(l.next)
			}
			if diff := cmp.Diff(l.due, names); diff != "" || !next.Equal(want) {
				t.Errorf("%s: at %d s, next %v, want %v\n%s", name, l.now, next, want, diff)
			}
		}
	}
	if got := retryWait(1000); got != lastRetry {
		t.Errorf("the wait after many failures is %v, want %v", got, lastRetry)
	}
}
