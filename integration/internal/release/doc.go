// Package release creates a version of Tusker from a commit: the versions in the
// go.mod files, the tags, and the archives that a module proxy would serve.
//
// On a branch, each go.mod has replace directives that point to the other modules,
// so the required versions do not matter there. Users of a module do not get its
// replace directives, so a release commit contains the versions. "go install
// module@version" refuses a module with replace directives, so a separate commit,
// which is on no branch, removes them from the module of the command line.
package release
