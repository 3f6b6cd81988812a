package batch

import (
	"iter"
	"math"
	"slices"
	"strings"
)

// entries is a list of files. It keeps little more of each than its name, and no pointers, because
// there may be millions, and the garbage collector would look at each pointer many times. The zero
// value is empty. Its methods that only read are safe for concurrent use.
type entries struct {
	n      int
	blocks [][]packedEntry // of entriesInBlock each, but the last
	names  [][]byte        // of namesInBlock bytes each, or of one longer name
	dirs   []entryDir
	whole  []entry  // those that cannot be packed
	order  []uint32 // position of each entry in the blocks; nil: as they were added
}

const (
	entriesInBlock = 1 << 12
	namesInBlock   = 1 << 16
)

// packedEntry is an entry without an error of a file on this machine.
type packedEntry struct {
	size, modified int64
	id             fileID
	dir            uint32 // index in dirs; notPacked: the entry is in whole
	block          uint32 // index in names, or in whole
	start, length  uint16 // of the name in its block
}

const notPacked = math.MaxUint32

// entryDir is what the files of a directory have in common.
type entryDir struct {
	in    *folder // nil: the files were named
	below string  // path of the directory in the folder, with a slash at its end; "": the folder
}

func (l *entries) len() int { return l.n }

// add adds an entry at the end.
func (l *entries) add(e entry) {
	p := packedEntry{size: e.size, modified: e.modified, id: e.id, dir: notPacked}
	dir, name := entryDir{in: e.in}, e.name
	if e.in != nil {
		slash := strings.LastIndexByte(e.below, '/') + 1
		dir.below, name = e.below[:slash], e.below[slash:]
	}
	if e.err == nil && e.remote == nil && len(name) < namesInBlock {
		p.dir = l.indexOf(dir)
		p.block, p.start = l.keep(name)
		p.length = uint16(len(name)) //nolint:gosec // below namesInBlock
	} else {
		p.block = uint32(len(l.whole)) //nolint:gosec // such entries are large
		l.whole = append(l.whole, e)
	}
	if l.n%entriesInBlock == 0 {
		l.blocks = append(l.blocks, next(l.blocks, entriesInBlock))
	}
	last := &l.blocks[len(l.blocks)-1]
	*last = append(*last, p)
	l.n++
}

// next returns the next one of some blocks, empty. The first grows with its content, because most
// lists are short.
func next[T any](blocks [][]T, size int) []T {
	if len(blocks) == 0 {
		return nil
	}
	return make([]T, 0, size)
}

// indexOf returns the index of a directory. Files of a directory follow one another.
func (l *entries) indexOf(d entryDir) uint32 {
	if last := len(l.dirs) - 1; last < 0 || l.dirs[last] != d {
		d.below = strings.Clone(d.below) // the path of a file would stay in memory
		l.dirs = append(l.dirs, d)
	}
	return uint32(len(l.dirs) - 1) //nolint:gosec // a directory is larger than a number
}

// keep keeps a name, and returns where.
func (l *entries) keep(name string) (block uint32, start uint16) {
	last := len(l.names) - 1
	if last < 0 || len(l.names[last])+len(name) > namesInBlock-1 {
		l.names = append(l.names, next(l.names, namesInBlock))
		last++
	}
	at := len(l.names[last])
	l.names[last] = append(l.names[last], name...)
	return uint32(last), uint16(at) //nolint:gosec // below namesInBlock
}

// at returns entry i.
func (l *entries) at(i int) entry {
	if l.order != nil {
		i = int(l.order[i])
	}
	p := &l.blocks[i/entriesInBlock][i%entriesInBlock]
	if p.dir == notPacked {
		return l.whole[p.block]
	}
	e := entry{size: p.size, modified: p.modified, id: p.id}
	dir, name := &l.dirs[p.dir], l.names[p.block][p.start:][:p.length]
	if dir.in == nil {
		e.name = string(name)
		return e
	}
	e.in, e.below = dir.in, dir.below+string(name)
	return e
}

// all returns all entries in their order.
func (l *entries) all() iter.Seq[entry] {
	return func(yield func(entry) bool) {
		for i := range l.n {
			if !yield(l.at(i)) {
				return
			}
		}
	}
}

// sort sorts the entries. Equal ones keep their order.
func (l *entries) sort(compare func(a, b entry) int) {
	l.order = nil
	order := make([]uint32, l.n)
	for i := range order {
		order[i] = uint32(i) //nolint:gosec // there are fewer files than numbers
	}
	slices.SortStableFunc(order, func(a, b uint32) int { return compare(l.at(int(a)), l.at(int(b))) })
	l.order = order
}

// entriesOf returns a list of these entries.
func entriesOf(all ...entry) entries {
	var l entries
	for _, e := range all {
		l.add(e)
	}
	return l
}
