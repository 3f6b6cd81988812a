package app

import (
	"net/url"
	"runtime"
)

// hasSecret reports whether the URL of an upload may hold a secret: a query, which is
// often a signature, or a user. Standard error, which is kept in the logs of others,
// shows no such URL.
func hasSecret(raw string) bool {
	u, err := url.Parse(raw)
	return err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != ""
}

// completeHint is for an upload that is complete and could not be verified.
func completeHint(url string) string {
	if hasSecret(url) {
		return "without --verify, it is complete; --json prints its URL, which holds a secret"
	}
	return "without --verify, it is complete: " + quote(url, runtime.GOOS)
}

// sameURL is an argument for a command in a hint: the URL that the user gave to this
// command, or the word URL in place of one that holds a secret.
func sameURL(url string) string {
	if hasSecret(url) {
		return "URL"
	}
	return quote(url, runtime.GOOS)
}
