// Package suggest finds the name that a user probably meant.
package suggest

import (
	"iter"
	"slices"
	"strings"
)

// most is the largest number of wrong letters in a suggestion.
const most = 2

// Nearest returns the name that is most like word: the name that needs the fewest
// added, removed or replaced letters, or else the only name that begins with word.
// If several names are equally near, the result is the first one in alphabetical
// order. The result is "" if no name is near.
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

// Misspelled returns the name that word is a misspelling of: the name that needs the fewest
// added, removed or replaced letters, at most one for each three letters of word. The result is
// "" if no name is that near, or if word is a name.
func Misspelled(word string, names iter.Seq[string]) string {
	const letters = 3 // for each wrong one
	best, distance := "", min(most, len(word)/letters)+1
	for _, name := range slices.Sorted(names) {
		if d := edits(word, name); d < distance {
			best, distance = name, d
		}
	}
	if distance == 0 {
		return ""
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
