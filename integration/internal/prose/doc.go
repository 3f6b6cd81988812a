// Package prose checks the English of comments in Go files: sentences must not
// open with certain words, such as "Where" and "What" in front of a lower-case
// word, and must not contain certain phrases. The package checks the comments of
// packages that are rewritten; exempt.txt lists the others.
package prose
