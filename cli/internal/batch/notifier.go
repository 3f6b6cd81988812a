package batch

import (
	"github.com/fsnotify/fsnotify"
)

// notifier tells of changes in directories. The system may not tell of all: its queue is
// limited, and network file systems tell only of the changes of this machine.
type notifier struct {
	changed chan struct{} // gets a value after changes
	watcher *fsnotify.Watcher
	dirs    map[string]bool // that the watcher has
	done    chan struct{}   // closed when the goroutine has ended
}

// newNotifier returns a notifier of the system. The caller closes it.
func newNotifier() (*notifier, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	n := &notifier{changed: make(chan struct{}, 1), watcher: w, dirs: make(map[string]bool), done: make(chan struct{})}
	go n.forward()
	return n, nil
}

// forward turns events and errors, such as that of a queue that is full, into a value of changed.
func (n *notifier) forward() {
	defer close(n.done)
	events, errs := n.watcher.Events, n.watcher.Errors
	for events != nil && errs != nil {
		var ok bool
		select {
		case _, ok = <-events:
		case _, ok = <-errs:
		}
		if !ok {
			return
		}
		n.signal()
	}
}

func (n *notifier) signal() {
	select {
	case n.changed <- struct{}{}:
	default:
	}
}

// watch has the notifier tell of changes in these directories, and no longer in others. Files
// in a new directory may be older than the watch, so it counts as a change. The error is the
// first of a directory that cannot be watched.
func (n *notifier) watch(dirs []string) (err error) {
	current := make(map[string]bool, len(dirs))
	for _, dir := range dirs {
		current[dir] = true
		// A directory that was replaced has no watch any more. To add a watch again is cheap.
		if failed := n.watcher.Add(dir); failed != nil {
			if err == nil {
				err = failed
			}
			continue
		}
		if !n.dirs[dir] {
			n.dirs[dir] = true
			n.signal()
		}
	}
	for dir := range n.dirs {
		if !current[dir] {
			delete(n.dirs, dir)
			_ = n.watcher.Remove(dir) // it may be gone
		}
	}
	return err
}

func (n *notifier) close() {
	_ = n.watcher.Close()
	<-n.done
}
