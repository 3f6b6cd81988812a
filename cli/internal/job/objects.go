package job

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/remote"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/fleet"
	"github.com/tusker-go/tusker/client/source/httpsource"
	"github.com/tusker-go/tusker/client/source/s3"
)

// objects are the files of a list that are in a store, such as s3://bucket or https://host. The
// store is their root.
type objects struct {
	prefixes []prefix
	named    names // of single objects, as remote.Place returns them
}

// prefix is the beginning of keys.
type prefix struct {
	below string
	file  string // as it was named
}

const versionInName = "?versionId="

// addObject adds a remote file that was named on the command line.
func (l *List) addObject(file string) error {
	store, below, err := remote.Place(file)
	if err != nil {
		return objectError(file, err)
	}
	isFolder := remote.IsFolder(file)
	switch {
	case isFolder && !l.selection.Recursive:
		return &advice.Failure{Subject: remote.Shown(file), Err: usage.Error(s3.ErrNotObject), Hint: "add the objects below it with --recursive"}
	case s3.IsLocation(file) && l.selection.Recursive && !strings.Contains(below, versionInName):
		at := l.objectsAt(store)
		at.prefixes = append(at.prefixes, prefix{below: below, file: remote.At(store, below)})
	default:
		l.objectsAt(store).named.add(below)
	}
	return nil
}

// addListedObject adds a remote file of a list of names, which may be of a single object only.
func (l *List) addListedObject(file string) error {
	if remote.IsFolder(file) {
		return &advice.Failure{Err: usage.Error(s3.ErrNotObject), Hint: "name it as FILE, with --recursive"}
	}
	store, below, err := remote.Place(file)
	if err != nil {
		return usage.Error(err)
	}
	l.objectsAt(store).named.add(below)
	return nil
}

// objectError returns the error of a remote name as one of the command line.
func objectError(file string, err error) error {
	return &advice.Failure{Subject: remote.Shown(file), Err: usage.Error(err)}
}

func (l *List) objectsAt(store string) *objects {
	if l.objects == nil {
		l.objects = make(map[string]*objects)
	}
	if l.objects[store] == nil {
		l.objects[store] = &objects{}
	}
	return l.objects[store]
}

// HasObjects reports whether the list has remote files.
func (l *List) HasObjects() bool { return len(l.objects) > 0 }

// stores returns the roots of remote files, in order.
func (l *List) stores() []string { return slices.Sorted(maps.Keys(l.objects)) }

// visitStore yields the objects of a store, in the order of the bytes of their keys.
func (w *walk) visitStore(o *objects) error {
	after := ""
	if last := w.After; last.Root != "" {
		switch c := cmp.Compare(w.root, last.Root); {
		case c < 0:
			return nil // added before
		case c == 0:
			after = last.Path
		}
	}
	prefixes, err := w.settlePrefixes(o)
	if err != nil {
		return err
	}
	o.named.sortBytes()
	named := &queue{names: &o.named}
	for named.skip(after) {
	}
	for _, p := range prefixes {
		for e, err := range w.Remote.List(w.ctx, p.file, after) {
			if err != nil {
				return err
			}
			below := strings.TrimPrefix(e.Name, w.root+"/")
			if !w.selection.SelectsObject(e, w.now) {
				continue
			}
			if err := w.visitNamed(named, below); err != nil {
				return err
			}
			if err := w.addListed(e, below); err != nil {
				return err
			}
		}
	}
	return w.visitNamed(named, "")
}

// addListed adds an object that a listing has.
func (w *walk) addListed(e remote.Entry, below string) error {
	switch {
	case strings.HasSuffix(below, "/"):
		w.Failed(e.Name, s3.ErrNotObject)
		return nil
	case strings.Contains(below, versionInName):
		w.Failed(e.Name, fmt.Errorf("the key has %s in it, so jobs do not take the object: send it with tusker upload and this name", versionInName))
		return nil
	}
	item := fleet.Item{Root: w.root, Path: below, Size: e.Size, Version: e.ETag}
	if e.ETag == "" {
		item.ModTime = e.Modified
	}
	return w.addItem(item)
}

func (w *walk) addItem(item fleet.Item) error {
	if w.ctx.Err() != nil {
		return context.Cause(w.ctx)
	}
	if !w.yield(item, nil) {
		return errStopped
	}
	return nil
}

// settlePrefixes returns the prefixes in order, without those that are below others. The ones
// that are an object and no prefix become names.
func (w *walk) settlePrefixes(o *objects) ([]prefix, error) {
	var found []prefix
	for _, p := range o.prefixes {
		if p.below != "" && !strings.HasSuffix(p.below, "/") {
			isPrefix, err := w.isPrefix(p.file)
			if err != nil {
				return nil, err
			}
			if !isPrefix {
				o.named.add(p.below)
				continue
			}
			p.below += "/"
		}
		found = append(found, p)
	}
	o.prefixes = found
	slices.SortFunc(found, func(a, b prefix) int { return strings.Compare(a.below, b.below) })
	var kept []prefix
	for _, p := range found {
		if len(kept) == 0 || !strings.HasPrefix(p.below, kept[len(kept)-1].below) {
			kept = append(kept, p)
		}
	}
	return kept, nil
}

// isPrefix reports whether there are objects below a location.
func (w *walk) isPrefix(file string) (bool, error) {
	for _, err := range w.Remote.List(w.ctx, file, "") {
		return err == nil, err
	}
	return false, nil
}

// queue is a list of names in order, whose first ones are taken.
type queue struct {
	*names
	at int
}

// first returns the first name, if there is one.
func (q *queue) first() (string, bool) {
	if q.at >= len(q.start) {
		return "", false
	}
	return string(q.names.at(q.start[q.at])), true
}

// skip takes the first name if it is after at most, and reports whether it did.
func (q *queue) skip(most string) bool {
	name, ok := q.first()
	if !ok || name > most {
		return false
	}
	q.at++
	return true
}

// sortBytes sorts the names by their bytes, as stores list objects.
func (n *names) sortBytes() {
	slices.SortFunc(n.start, func(a, b uint64) int { return bytes.Compare(n.at(a), n.at(b)) })
}

// OpenObject opens the remote file of an item in the version with which it was added. The error
// Is fleet.ErrNoRoot if its store is not one of roots: those who can write to the engine must
// not make a worker read what they like with its credentials.
func OpenObject(ctx context.Context, files *remote.Files, roots Roots, item fleet.Item) (client.Source, error) {
	if _, known := roots[item.Root]; !known {
		return nil, fmt.Errorf("%w: %q", fleet.ErrNoRoot, item.Root)
	}
	o, err := files.Open(ctx, item.Name(), item.Version)
	if err != nil {
		return nil, err
	}
	if now := o.Modified(); item.Version == "" && !item.ModTime.IsZero() && !now.IsZero() && now.Unix() != item.ModTime.Unix() {
		return nil, fmt.Errorf("%w: it was modified at %s when it was added, and at %s now", client.ErrSourceChanged, item.ModTime.UTC(), now.UTC())
	}
	return o, nil
}

// isAboutWorker reports whether an error of a remote file is about the settings of the worker:
// its credentials, its region or its clock.
func isAboutWorker(err error) bool {
	for _, worker := range []error{s3.ErrNoCredentials, s3.ErrConfig, s3.ErrClock, s3.ErrRegion} {
		if errors.Is(err, worker) {
			return true
		}
	}
	failed, ok := errors.AsType[*httpsource.RequestError](err)
	return ok && (failed.StatusCode == http.StatusUnauthorized || failed.StatusCode == http.StatusProxyAuthRequired)
}

// isAboutObject reports whether an error is about a remote file, so that other files may be
// readable and no retry helps.
func isAboutObject(err error) bool {
	failed, ok := errors.AsType[*httpsource.RequestError](err)
	return errors.Is(err, s3.ErrNotObject) || errors.Is(err, client.ErrInvalidURL) ||
		ok && failed.StatusCode != 0 && !failed.Transient && !isAboutWorker(err)
}

// ExplainObject returns an error of the upload of a remote file as one that decides about its
// item: fleet.ErrNoAccess, fleet.ErrMissing, fleet.ErrUnreadable or client.ErrSourceChanged.
// Other errors and those of files are returned as they are.
func ExplainObject(item fleet.Item, err error) error {
	switch {
	case !item.IsRemote():
		return err
	case errors.Is(err, client.ErrSourceChanged):
		return fmt.Errorf("%w: add it again", err)
	case isAboutWorker(err):
		return fmt.Errorf("%w: %w", fleet.ErrNoAccess, err)
	case errors.Is(err, httpsource.ErrNotFound), errors.Is(err, s3.ErrNoBucket):
		return fmt.Errorf("%w: %w", fleet.ErrMissing, err)
	case isAboutObject(err):
		return fmt.Errorf("%w: %w", fleet.ErrUnreadable, err)
	}
	return err
}
