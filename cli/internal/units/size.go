// Package units reads and writes numbers of bytes as people write them.
package units

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// ErrSize means that a text is not a number of bytes.
var ErrSize = errors.New("not a size such as 512, 64KiB or 2GB")

// factors holds the units in lower case. A bare letter is a power of 1024, as
// in curl, rclone and restic.
var factors = map[string]int64{
	"": 1, "b": 1,
	"k": 1 << 10, "kib": 1 << 10, "kb": 1e3,
	"m": 1 << 20, "mib": 1 << 20, "mb": 1e6,
	"g": 1 << 30, "gib": 1 << 30, "gb": 1e9,
	"t": 1 << 40, "tib": 1 << 40, "tb": 1e12,
	"p": 1 << 50, "pib": 1 << 50, "pb": 1e15,
}

// maxDigits bounds the work that a number can cause.
const maxDigits = 40

// ParseSize reads a number of bytes: digits, perhaps with a decimal point, and a
// unit in any case of letters. KiB to PiB, and the bare letters, are powers of
// 1024; kB to PB are powers of 1000. The result must be a whole number that is
// not negative and fits. The error Is ErrSize.
func ParseSize(s string) (int64, error) {
	number := strings.TrimSpace(s)
	end := strings.IndexFunc(number, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	unit := ""
	if end >= 0 {
		number, unit = number[:end], strings.ToLower(strings.TrimSpace(number[end:]))
	}
	factor, ok := factors[unit]
	if !ok || len(number) > maxDigits {
		return 0, fmt.Errorf("%q: %w", s, ErrSize)
	}
	value, ok := new(big.Rat).SetString(number)
	if !ok {
		return 0, fmt.Errorf("%q: %w", s, ErrSize)
	}
	value.Mul(value, new(big.Rat).SetInt64(factor))
	switch {
	case !value.IsInt():
		return 0, fmt.Errorf("%q: %w: it is no whole number of bytes", s, ErrSize)
	case !value.Num().IsInt64():
		return 0, fmt.Errorf("%q: %w: it is too large", s, ErrSize)
	}
	return value.Num().Int64(), nil
}

// FormatSize writes n for people, with at most one decimal: 512 B, 1.5 MiB,
// 64 MiB.
func FormatSize(n int64) string {
	if n < 1<<10 && n > -1<<10 {
		return strconv.FormatInt(n, 10) + " B"
	}
	value, unit := float64(n)/(1<<10), 0
	names := [...]string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	// A value that would be shown as 1024.0 is shown as 1.0 of the next unit.
	for (value >= 1023.95 || value <= -1023.95) && unit < len(names)-1 {
		value /= 1 << 10
		unit++
	}
	return strings.TrimSuffix(strconv.FormatFloat(value, 'f', 1, 64), ".0") + " " + names[unit]
}

// Size is a number of bytes as the value of a flag.
type Size int64

// Set reads a size.
func (s *Size) Set(text string) error {
	n, err := ParseSize(text)
	if err != nil {
		return err
	}
	*s = Size(n)
	return nil
}

// String writes a size so that Set reads the same value.
func (s *Size) String() string {
	n := int64(*s)
	for _, u := range []struct {
		factor int64
		name   string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n != 0 && n%u.factor == 0 {
			return strconv.FormatInt(n/u.factor, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}

// Type names the value in help texts.
func (s *Size) Type() string { return "size" }
