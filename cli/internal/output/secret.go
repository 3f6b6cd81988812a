package output

import "net/url"

// HasSecret reports whether the URL of an upload may hold a secret: a query, which is
// often a signature, or a user. Standard error, which is kept in the logs of others,
// shows no such URL.
func HasSecret(raw string) bool {
	u, err := url.Parse(raw)
	return err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != ""
}
