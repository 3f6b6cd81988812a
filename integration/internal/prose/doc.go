// Package prose checks the English of comments, errors and test failures in Go files:
// sentences must not open with certain words, such as "Where" and "What" in front of a
// lower-case word, and must not contain certain phrases. The package checks all packages
// except those that exempt.txt lists.
package prose
