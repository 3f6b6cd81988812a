package job

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"iter"
	"os"
	"slices"
)

// names is a list of names that needs little memory for each of them: a directory or a list
// may have millions. The zero value is empty.
type names struct {
	text  []byte // of all names, each with a NUL at its end
	start []uint64
}

// add adds a name, which has no NUL.
func (n *names) add(name string) {
	n.start = append(n.start, uint64(len(n.text)))
	n.text = append(append(n.text, name...), 0)
}

func (n *names) at(start uint64) []byte {
	rest := n.text[start:]
	return rest[:bytes.IndexByte(rest, 0)]
}

// sort sorts the names as a walk visits them: a slash is before all other bytes.
func (n *names) sort() {
	slices.SortFunc(n.start, func(a, b uint64) int { return compareWalk(n.at(a), n.at(b)) })
}

// all yields the names, in their order.
func (n *names) all() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, start := range n.start {
			if !yield(string(n.at(start))) {
				return
			}
		}
	}
}

// compareWalk compares paths by their elements.
func compareWalk(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		x, y := a[i], b[i]
		switch {
		case x == y:
		case x == '/':
			return -1
		case y == '/':
			return 1
		default:
			return cmp.Compare(x, y)
		}
	}
	return cmp.Compare(len(a), len(b))
}

// readNames reads the names in a directory, and sorts them. An error may come with names.
func readNames(dir *os.File) (*names, error) {
	n := &names{}
	for {
		some, err := dir.Readdirnames(1024)
		for _, name := range some {
			n.add(name)
		}
		if err != nil || len(some) == 0 {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			n.sort()
			return n, err
		}
	}
}
