package jobtest_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client/fleet"
	"github.com/tusker-go/tusker/client/fleet/embedded"
	"github.com/tusker-go/tusker/client/fleet/embedded/internal/jobtest"
)

// numbered returns n items in order.
func numbered(n int) []fleet.Item {
	items := make([]fleet.Item, n)
	for i := range items {
		items[i] = fleet.Item{Path: fmt.Sprintf("%07d", i), Size: 10}
	}
	return items
}

// killed ends after n items without another word, as a process that is killed does.
func killed(items []fleet.Item, n int, kill func()) iter.Seq2[fleet.Item, error] {
	return func(yield func(fleet.Item, error) bool) {
		for i, it := range items {
			if i == n {
				kill()
			}
			if !yield(it, nil) {
				return
			}
		}
	}
}

// An Add that is interrupted again and again adds each item once.
func TestAddResumes(t *testing.T) {
	t.Parallel()
	e := jobtest.NewEngine(t, embedded.Config{})
	job := e.Open(t, "archive", fleet.Config{})
	items := numbered(5321)
	total := int64(0)
	for n := 1000; n < 5000; n += 1000 {
		ctx, cancel := context.WithCancel(t.Context())
		added, err := job.Add(ctx, killed(items, n+1, cancel), nil)
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v", err)
		}
		if added.Resumed != total {
			t.Errorf("resumed after %d items, want %d", added.Resumed, total)
		}
		total += added.Items
		cancel()
		if after, ok, err := job.Resumes(t.Context(), ""); err != nil || !ok || after.Path != items[total-1].Path {
			t.Errorf("resumes after %q (%v), error %v, want %q", after.Path, ok, err, items[total-1].Path)
		}
	}
	added := jobtest.Add(t, job, items)
	if total += added.Items; total != int64(len(items)) || added.Resumed+added.Items != total {
		t.Errorf("added %d items, want %d", total, len(items))
	}
	if after, ok, err := job.Resumes(t.Context(), ""); err != nil || ok {
		t.Errorf("resumes after %q, error %v, want a new beginning", after.Path, err)
	}
	if st, err := job.Status(t.Context()); err != nil || st.Queued != total || st.Added != total || st.AddedBytes != 10*total || st.Adding {
		t.Errorf("status %+v, error %v", st, err)
	}
}

// A list that is added a second time brings only items that are new or have changed. The
// others are not uploaded again, and have one result.
func TestAddAgain(t *testing.T) {
	t.Parallel()
	_, s, f, job := jobtest.NewJob(t, fleet.Config{}, 30, 0, 10, 70_000)
	jobtest.Work(t, job, f.Worker(s))
	before := len(s.Requests())
	if st, err := job.Status(t.Context()); err != nil || st.Again {
		t.Errorf("status %+v, error %v, want no item that counts again", st, err)
	}
	if added := jobtest.Add(t, job, f.Items); added.Resumed != 0 || added.Items != 30 {
		t.Errorf("added %+v", added)
	}
	if st, err := job.Status(t.Context()); err != nil || !st.Again || st.Queued != 30 {
		t.Errorf("status %+v, error %v, want 30 queued items that count again", st, err)
	}
	jobtest.Work(t, job, f.Worker(s))
	if n := len(s.Requests()) - before; n != 0 {
		t.Errorf("%d requests for files that are finished", n)
	}
	f.WantDelivered(t, job, s)
	if st, err := job.Status(t.Context()); err != nil || st.Done != 30 {
		t.Errorf("status %+v, error %v", st, err)
	}
	changed := f.Items[3]
	f.Items = slices.Clip(f.Items)
	newer := f.Write(t, changed.Path, []byte("new content"))
	again := append([]fleet.Item{}, f.Items[:30]...)
	again[3] = newer
	jobtest.Add(t, job, again)
	jobtest.Work(t, job, f.Worker(s))
	results := jobtest.Results(t, job, fleet.ResultAll)
	if r := results[newer.ID(jobtest.Endpoint)]; !r.OK() || string(s.Bytes(r.URL)) != "new content" {
		t.Errorf("result %+v", r)
	}
	if len(results) != 31 {
		t.Errorf("%d results, want 31", len(results))
	}
}

// Two calls that add one list at the same time are detected, and no item is added twice.
func TestAddTwice(t *testing.T) {
	t.Parallel()
	e := jobtest.NewEngine(t, embedded.Config{})
	job := e.Open(t, "archive", fleet.Config{})
	items := numbered(3000)
	other := e.Open(t, "archive", fleet.Config{})
	var second error
	_, first := job.Add(t.Context(), killed(items, 1600, func() {
		_, second = other.Add(t.Context(), jobtest.Seq(items), nil)
	}), nil)
	if second != nil || !errors.Is(first, fleet.ErrBusy) {
		t.Errorf("errors %v and %v, want %v and nil", first, second, fleet.ErrBusy)
	}
	if st, err := job.Status(t.Context()); err != nil || st.Queued != 3000 {
		t.Errorf("status %+v, error %v", st, err)
	}
}

// Lists that are not in order, items that make no sense and sources that fail end an Add. The
// items before are stored.
func TestAddErrors(t *testing.T) {
	t.Parallel()
	e := jobtest.NewEngine(t, embedded.Config{})
	broken := errors.New("no such folder")
	item := func(path string) fleet.Item { return fleet.Item{Path: path} }
	for name, test := range map[string]struct {
		items []fleet.Item
		order fleet.Order
		err   error // after the items
		want  error
		added int64
	}{
		"walk":            {[]fleet.Item{item("a/b"), item("a.txt"), item("b")}, fleet.OrderWalk, nil, nil, 3},
		"bytes":           {[]fleet.Item{item("a.txt"), item("a/b"), item("b")}, fleet.OrderBytes, nil, nil, 3},
		"not bytes":       {[]fleet.Item{item("a/b"), item("a.txt")}, fleet.OrderBytes, nil, fleet.ErrOrder, 1},
		"twice":           {[]fleet.Item{item("a"), item("a")}, fleet.OrderWalk, nil, fleet.ErrOrder, 1},
		"roots":           {[]fleet.Item{{Root: "b", Path: "a"}, {Root: "a", Path: "b"}}, fleet.OrderWalk, nil, fleet.ErrOrder, 1},
		"outside":         {[]fleet.Item{item("a"), item("../b")}, fleet.OrderWalk, nil, fleet.ErrInvalid, 1},
		"no path":         {[]fleet.Item{{}}, fleet.OrderWalk, nil, fleet.ErrInvalid, 0},
		"negative":        {[]fleet.Item{{Path: "a", Size: -1}}, fleet.OrderWalk, nil, fleet.ErrInvalid, 0},
		"source fails":    {[]fleet.Item{item("a")}, fleet.OrderWalk, broken, broken, 1},
		"empty list":      {nil, fleet.OrderWalk, nil, nil, 0},
		"not UTF-8":       {[]fleet.Item{item("a\xff")}, fleet.OrderWalk, nil, nil, 1},
		"bad metadata":    {[]fleet.Item{{Path: "a", Metadata: map[string]string{"a b": "c"}}}, fleet.OrderWalk, nil, fleet.ErrInvalid, 0},
		"root with colon": {[]fleet.Item{{Path: "a", Root: "c:"}}, fleet.OrderWalk, nil, fleet.ErrInvalid, 0},
	} {
		t.Run(name, func(t *testing.T) {
			job := e.Open(t, fmt.Sprintf("job%d", time.Now().UnixNano()), fleet.Config{})
			added, err := job.Add(t.Context(), func(yield func(fleet.Item, error) bool) {
				for _, it := range test.items {
					if !yield(it, nil) {
						return
					}
				}
				if test.err != nil {
					yield(fleet.Item{}, test.err)
				}
			}, &fleet.AddOptions{Order: test.order})
			if !errors.Is(err, test.want) || added.Items != test.added {
				t.Errorf("added %+v, error %v, want %d items and %v", added, err, test.added, test.want)
			}
			if st, err := job.Status(t.Context()); err != nil || st.Queued != test.added || st.Adding != (test.want != nil && test.added > 0) {
				t.Errorf("status %+v, error %v", st, err)
			}
		})
	}
}
