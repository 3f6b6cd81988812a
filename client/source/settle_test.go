package source

import (
	"testing"
	"time"

	"github.com/tusker-go/tusker/client/internal/timestep"
)

func TestUnsettled(t *testing.T) {
	const step = 2 * time.Second
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := map[string]struct {
		age, watched time.Duration
		want         time.Duration
	}{
		"just now":                     {0, 0, step},
		"one second ago":               {time.Second, 0, time.Second},
		"one nanosecond less":          {step - 1, 0, 1},
		"as old as a step":             {step, 0, 0},
		"an hour ago":                  {time.Hour, 0, 0},
		"ahead":                        {-time.Minute, 0, step},
		"ahead, watched for a while":   {-time.Minute, time.Second, time.Second},
		"ahead, watched for a step":    {-time.Minute, step, 0},
		"watched for longer than old":  {time.Second, 1500 * time.Millisecond, 500 * time.Millisecond},
		"older than watched":           {1500 * time.Millisecond, time.Second, 500 * time.Millisecond},
		"ahead by local time of FAT":   {-14 * time.Hour, 0, step},
		"further ahead than any clock": {-24*time.Hour - 1, 0, 0},
		"no time at all":               {now.Sub(time.Time{}), 0, 0},
		"the end of time":              {now.Sub(time.Unix(1<<40, 0)), 0, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := unsettled(now.Add(-test.age), now, test.watched, step); got != test.want {
				t.Errorf("unsettled for %v, want %v", got, test.want)
			}
		})
	}
}

func TestStepOf(t *testing.T) {
	for nanoseconds, want := range map[int]time.Duration{
		0: timestep.Longest, 500_000_000: timestep.Longest, 10_000_000: timestep.Longest, 10_000_001: timestep.Fine, 123_456_789: timestep.Fine, 4_000_000: timestep.Fine,
	} {
		if got := stepOf(time.Unix(1, int64(nanoseconds))); got != want {
			t.Errorf("%d ns: step %v, want %v", nanoseconds, got, want)
		}
	}
}

func TestDifference(t *testing.T) {
	then := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	was := state{size: 5, modified: then, inode: inode{device: 1, number: 2, links: 1, uid: 3, gid: 4, mode: 0o600, changed: then}}
	later := func(change func(*state)) state {
		now := was
		now.inode.changed = then.Add(1)
		change(&now)
		return now
	}
	tests := map[string]struct {
		now     state
		renamed bool
		same    bool
	}{
		"nothing":              {now: was, same: true},
		"only renamed":         {now: was, renamed: true, same: true},
		"size":                 {now: later(func(i *state) { i.size++ })},
		"modified":             {now: later(func(i *state) { i.modified = then.Add(1) })},
		"modified and renamed": {now: later(func(i *state) { i.modified = then.Add(1) }), renamed: true},
		"changed":              {now: later(func(*state) {})},
		"changed by a rename":  {now: later(func(*state) {}), renamed: true, same: true},
		"changed by a link":    {now: later(func(i *state) { i.inode.links++ }), same: true},
		"changed by chmod":     {now: later(func(i *state) { i.inode.mode = 0o644 }), same: true},
		"changed by chown":     {now: later(func(i *state) { i.inode.uid++ }), same: true},
		"changed by chgrp":     {now: later(func(i *state) { i.inode.gid++ }), same: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := was.difference(test.now, !test.renamed); (got == "") != test.same {
				t.Errorf("difference %q, want none: %t", got, test.same)
			}
		})
	}
}
