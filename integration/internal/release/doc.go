// Package release makes a version of Tusker out of a commit: what each module
// says of the others, the tags, and the archives that a module proxy would
// serve.
//
// On a branch, each go.mod has replace directives that lead to its siblings, so
// the versions that it requires of them do not matter there. Who depends on a
// module sees no replace directive, so a release commit names the versions; and
// "go install module@version" refuses a module that has one, so another commit,
// which is on no branch, takes them out of the command line's.
package release
