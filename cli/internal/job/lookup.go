package job

import (
	"cmp"
	"context"
	"strings"
	"sync"

	"github.com/tusker-go/tusker/cli/internal/remote"
	"github.com/tusker-go/tusker/client/fleet"
)

// lookup is a question to a store for the size and the version of an object that was named.
type lookup struct {
	below  string
	answer chan answer
}

type answer struct {
	object *remote.File
	err    error
}

// visitNamed adds the objects of a queue before the one that a listing has, and drops that one.
// "": all of them. Several of them are asked for at the same time, and added in order.
func (w *walk) visitNamed(named *queue, listed string) error {
	ctx, cancel := context.WithCancelCause(w.ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel(errStopped)
	var asked []lookup
	for {
		for len(asked) < cmp.Or(w.Concurrency, 1) {
			below, ok := named.next(listed)
			if !ok {
				break
			}
			l := lookup{below, make(chan answer, 1)}
			asked = append(asked, l)
			running.Go(func() {
				o, err := w.Remote.Open(ctx, remote.At(w.root, l.below), "")
				l.answer <- answer{o, err}
			})
		}
		if len(asked) == 0 {
			return nil
		}
		if err := w.addNamed(asked[0].below, <-asked[0].answer); err != nil {
			return err
		}
		asked = asked[1:]
	}
}

// next takes the next name before the one that a listing has, each name once, and drops that one.
// "": all names.
func (q *queue) next(listed string) (string, bool) {
	for {
		below, ok := q.first()
		c := strings.Compare(below, listed)
		if !ok || listed != "" && c > 0 {
			return "", false
		}
		q.at++
		if listed != "" && c == 0 {
			continue
		}
		if next, more := q.first(); more && next == below {
			continue // named twice
		}
		return below, true
	}
}

// addNamed adds an object that was named. An error that is not about the object ends the
// command, because all others would fail as well.
func (w *walk) addNamed(below string, a answer) error {
	if w.ctx.Err() != nil {
		return context.Cause(w.ctx)
	}
	if a.err != nil {
		if isAboutObject(a.err) {
			w.Failed(remote.At(w.root, below), a.err)
			return nil
		}
		return a.err
	}
	size, _ := a.object.Length().Int64()
	item := fleet.Item{Root: w.root, Path: below, Size: size, Version: a.object.ETag()}
	if item.Version == "" {
		item.ModTime = a.object.Modified()
	}
	return w.addItem(item)
}
