// Package prose checks the English of comments, errors and test failures in Go files, and
// of Markdown pages: sentences must not open with certain words, such as "Where" and "What"
// in front of a lower-case word, and must not contain certain phrases.
package prose
