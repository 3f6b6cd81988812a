// Package suggest finds what somebody meant to write.
package suggest

import (
	"iter"
	"slices"
	"strings"
)

// most is how many letters may be wrong.
const most = 2

// Nearest returns the name that is most like word, or "" where none is: the one
// that takes the fewest letters to be added, left out or replaced, or else the
// only one that begins with word. Of several, the first by the alphabet counts.
func Nearest(word string, names iter.Seq[string]) string {
	if word == "" {
		return ""
	}
	sorted := slices.Sorted(names)
	best, distance := "", min(most, len(word)/2)+1
	for _, name := range sorted {
		if d := edits(strings.ToLower(word), strings.ToLower(name)); d < distance {
			best, distance = name, d
		}
	}
	if best != "" {
		return best
	}
	for _, name := range sorted {
		if !strings.HasPrefix(name, word) {
			continue
		}
		if best != "" && best != name {
			return ""
		}
		best = name
	}
	return best
}

// edits is the Levenshtein distance of a and b, in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
