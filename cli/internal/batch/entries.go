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

// packedEntry is an entry without an error of a file on this machine, or of an object below a
// prefix.
type packedEntry struct {
	size, modified int64
	id             fileID
	dir            uint32 // index in dirs; notPacked: the entry is in whole
	block          uint32 // index in names, or in whole
	start, length  uint16 // of the name in its block; the ETag of an object follows its name and tagMark
}

const (
	notPacked = math.MaxUint32
	tagMark   = "\x00" // no header, and so no ETag, has it
)

// entryDir is what the files of a directory have in common.
type entryDir struct {
	in      *folder // nil: the files were named, or are remote
	objects *prefix // nil: the files are on this machine
	below   string  // path of the directory in the folder or below the prefix, with a slash at its end; "": the folder or prefix
}

func (l *entries) len() int { return l.n }

// add adds an entry at the end.
func (l *entries) add(e entry) {
	p := packedEntry{size: e.size, modified: e.modified, id: e.id, dir: notPacked}
	if dir, name, ok := packed(&e); ok {
		p.dir = l.indexOf(dir)
		p.block, p.start = l.keep(name)
		p.length = uint16(len(name)) //nolint:gosec // packed limits it
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

// packed returns the directory of an entry, and the text by which at finds the rest of its names.
// It is false if the entry has to be kept as it is.
func packed(e *entry) (dir entryDir, text string, ok bool) {
	if e.err != nil {
		return dir, "", false
	}
	slash := strings.LastIndexByte(e.below, '/') + 1
	switch r := e.remote; {
	case e.in != nil:
		dir, text = entryDir{in: e.in, below: e.below[:slash]}, e.below[slash:]
	case r == nil:
		text = e.name
	case r.in == nil || !r.in.has(e):
		return dir, "", false
	default:
		dir, text = entryDir{objects: r.in, below: e.below[:slash]}, e.below[slash:]+tagMark+r.etag
	}
	return dir, text, len(text) < namesInBlock
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
	dir, text := &l.dirs[p.dir], string(l.names[p.block][p.start:][:p.length])
	var e entry
	switch {
	case dir.objects != nil:
		mark := strings.LastIndex(text, tagMark)
		e = dir.objects.entry(dir.below+text[:mark], text[mark+len(tagMark):])
	case dir.in != nil:
		e.in, e.below = dir.in, dir.below+text
	default:
		e.name = text
	}
	e.size, e.modified, e.id = p.size, p.modified, p.id
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
