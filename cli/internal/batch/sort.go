package batch

import (
	"cmp"

	"github.com/tusker-go/tusker/cli/internal/flags"
)

// sort sorts the files by the order that the user asked for. Files with the same key keep
// their order. Streams and files that cannot be read have no size and no time, and are last.
func (l *Listing) sort(order flags.Order) {
	if order.Key == "" {
		return
	}
	compare := comparison(order.Key)
	l.entries.sort(func(a, b entry) int {
		if order.Key != flags.OrderName && (a.modified == 0 || b.modified == 0) {
			return cmp.Compare(known(b), known(a))
		}
		if order.Descending {
			return compare(b, a)
		}
		return compare(a, b)
	})
}

func comparison(key flags.OrderKey) func(a, b entry) int {
	switch key {
	case flags.OrderSize:
		return func(a, b entry) int { return cmp.Compare(a.size, b.size) }
	case flags.OrderMtime:
		return func(a, b entry) int { return cmp.Compare(a.modified, b.modified) }
	case flags.OrderName:
	}
	return func(a, b entry) int { return cmp.Compare(a.path(), b.path()) }
}

// known returns 1 for a file whose size and time are known, and 0 for others.
func known(e entry) int {
	if e.modified == 0 {
		return 0
	}
	return 1
}
