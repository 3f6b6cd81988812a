package flags

import (
	"errors"
	"fmt"
	"strings"
)

// OrderKey is the attribute that files are sorted by.
type OrderKey string

// The attributes that files can be sorted by.
const (
	OrderName  OrderKey = "name"
	OrderSize  OrderKey = "size"
	OrderMtime OrderKey = "mtime"
)

// errOrder means that a text is not an order.
var errOrder = errors.New("not size, name or mtime, which ,desc reverses")

// Order is the order of files as the value of a flag. The zero value keeps the order in which
// the files are found.
type Order struct {
	// Key is the attribute. "": the files are not sorted.
	Key OrderKey
	// Descending means the largest, latest or last name first.
	Descending bool
}

// Set reads a key with an optional direction.
func (o *Order) Set(text string) error {
	key, direction, _ := strings.Cut(strings.TrimSpace(text), ",")
	read := Order{Key: OrderKey(strings.ToLower(key))}
	switch read.Key {
	case OrderName, OrderSize, OrderMtime:
	default:
		return fmt.Errorf("%q: %w", text, errOrder)
	}
	switch strings.ToLower(direction) {
	case "", "asc", "ascending":
	case "desc", "descending":
		read.Descending = true
	default:
		return fmt.Errorf("%q: %w", text, errOrder)
	}
	*o = read
	return nil
}

// String writes an order so that Set reads the same value.
func (o *Order) String() string {
	if o.Descending {
		return string(o.Key) + ",desc"
	}
	return string(o.Key)
}

// Type names the value in help texts.
func (o *Order) Type() string { return "order" }
