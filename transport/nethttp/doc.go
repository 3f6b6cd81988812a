// Package nethttp creates an *http.Client with settings for uploads: no timeout
// for a whole request, enough idle connections for parallel uploads, and
// redirects that change neither the method nor send credentials to another
// origin.
package nethttp
