package remote

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/source/httpsource"
	"github.com/tusker-go/tusker/client/source/s3"
	"github.com/tusker-go/tusker/transport"
)

var (
	errUser     = errors.New("the URL has a user or a password, and the engine stores no secrets")
	errQuery    = errors.New("the query of the URL may be a signature or another secret, and the engine stores no secrets")
	errNoObject = errors.New("the URL names no file")
)

// versionParameters are the parameters of a query that choose a version of an object, and are no
// secrets. Names are in lower case.
var versionParameters = []string{"versionid", "generation", "snapshot"}

// Place splits the name of a remote file into the store, such as s3://bucket or https://host,
// and what names the file there. At joins both. A URL that may have a secret is an error.
func Place(file string) (store, below string, err error) {
	if err := Check(file); err != nil {
		return "", "", err
	}
	if s3.IsLocation(file) {
		l, err := s3.Parse(file)
		if err != nil {
			return "", "", err
		}
		store = s3.Location{Bucket: l.Bucket}.String()
		l.ETag = ""
		return store, strings.TrimPrefix(strings.TrimPrefix(l.String(), store), "/"), nil
	}
	u, err := httpsource.ParseURL(strings.TrimSpace(file))
	switch {
	case err != nil:
		return "", "", err
	case u.User != nil:
		return "", "", errUser
	case !isPublicQuery(u.RawQuery):
		return "", "", errQuery
	}
	below = strings.TrimPrefix(u.EscapedPath(), "/")
	if below == "" {
		return "", "", errNoObject
	}
	if u.RawQuery != "" {
		below += "?" + u.RawQuery
	}
	return transport.Origin(u), below, nil
}

// ParseStore reads a store as Place returns it: s3://bucket or https://host, with or without a
// slash at its end.
func ParseStore(name string) (string, error) {
	name = strings.TrimSuffix(name, "/")
	store, below, err := Place(name + "/x")
	if err == nil && below != "x" {
		err = fmt.Errorf("%w: it has a path", client.ErrInvalidURL)
	}
	return store, err
}

// At returns the name of the file that Place has split.
func At(store, below string) string { return store + "/" + below }

// isPublicQuery reports whether all parameters of a query choose a version.
func isPublicQuery(query string) bool {
	return !slices.ContainsFunc(strings.FieldsFunc(query, func(r rune) bool { return r == '&' }), func(parameter string) bool {
		name, _, _ := strings.Cut(parameter, "=")
		return !slices.Contains(versionParameters, strings.ToLower(name))
	})
}

// PathBelow returns what Place has as below without the version: the path of the file, unescaped.
func PathBelow(store, below string) string {
	if s3.IsLocation(store) {
		if l, err := s3.Parse(At(store, below)); err == nil {
			return l.Key
		}
		return below
	}
	escaped, _, _ := strings.Cut(below, "?")
	if plain, err := url.PathUnescape(escaped); err == nil {
		return plain
	}
	return escaped
}
