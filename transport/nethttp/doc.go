// Package nethttp builds an *http.Client with settings that suit uploads: no
// limit on the whole of a request, connections kept for parallel parts, and
// redirects that neither change the method nor carry secrets elsewhere.
package nethttp
