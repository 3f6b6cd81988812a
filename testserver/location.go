package testserver

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/tusker-go/tusker/protocol"
)

// LocationForm is a way to write the Location of an upload.
type LocationForm string

// The forms, of http://tus.test/files/1 as an example.
const (
	// LocationRelative is "1", relative to the URL of the request: servers
	// written by hand, which the specification allows to do so.
	LocationRelative LocationForm = "relative"
	// LocationPath is "/files/1": @tus/server with relativeLocation, tusdotnet.
	LocationPath LocationForm = "path"
	// LocationSchemeless is "//tus.test/files/1": tus-node-server, which does
	// not know whether a proxy before it speaks TLS.
	LocationSchemeless LocationForm = "schemeless"
	// LocationInsecure is "http://tus.test/files/1" also where the server is
	// reached by https: tusd and @tus/server behind a proxy that ends TLS,
	// where nobody told them so.
	LocationInsecure LocationForm = "insecure"
	// LocationAbsent is no Location at all: proxies that filter headers, pages
	// of a login that answer in a server's place.
	LocationAbsent LocationForm = "absent"
)

// Location rewrites the Location of tusd's answer in another form. An answer
// without Location stays as it is, and so does one where form is none of the
// constants.
func Location(form LocationForm) Action {
	return named(rewriteLocation(func(r *http.Request, u *url.URL) string { return form.of(r, u) }), "Location(%s)", form)
}

func (form LocationForm) of(r *http.Request, u *url.URL) string {
	switch form {
	case LocationRelative:
		base := r.URL.Path[:strings.LastIndexByte(r.URL.Path, '/')+1]
		return strings.TrimPrefix(u.RequestURI(), base)
	case LocationPath:
		return u.RequestURI()
	case LocationSchemeless:
		return "//" + u.Host + u.RequestURI()
	case LocationInsecure:
		return "http://" + u.Host + u.RequestURI()
	case LocationAbsent:
		return ""
	}
	return u.String()
}

// LocationQuery adds a query, without "?", to the Location of tusd's answer, as
// servers do that sign their URLs. It is sent as it is, so that a client which
// encodes it anew is found out: "sig=a%2Fb+c%7e" is a good one.
func LocationQuery(query string) Action {
	return named(rewriteLocation(func(_ *http.Request, u *url.URL) string {
		return u.String() + "?" + query
	}), "LocationQuery(%q)", query)
}

// LocationOrigin puts the upload on another origin, such as
// "http://127.0.0.1:1234", in the Location of tusd's answer: Cloudflare, oCIS
// and Vimeo create in one place and store in another. Two servers with the
// same Config.Dir have the same uploads. A path of origin is prepended to that
// of the upload, but for its last slash.
func LocationOrigin(origin string) Action {
	origin = strings.TrimRight(origin, "/")
	return named(rewriteLocation(func(_ *http.Request, u *url.URL) string {
		return origin + u.RequestURI()
	}), "LocationOrigin(%s)", origin)
}

// rewriteLocation replaces a Location by what edit makes of it; by none where
// that is "".
func rewriteLocation(edit func(r *http.Request, u *url.URL) string) Action {
	return ActionFunc(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		RewriteHeader(func(h http.Header) {
			u, err := url.Parse(h.Get(protocol.HeaderLocation))
			if err != nil || u.Host == "" {
				return
			}
			if location := edit(r, u); location != "" {
				h.Set(protocol.HeaderLocation, location)
			} else {
				h.Del(protocol.HeaderLocation)
			}
		}).Serve(w, r, next)
	})
}

// Redirect answers with code, such as 301, 302, 303, 307 or 308, and a
// Location, without asking tusd: a server that has moved (301, 308), a load
// balancer or a storage that sends the client to the node in charge (307), a
// page of a login (302). Where location is an origin such as
// "http://127.0.0.1:1234", without a path, the path and the query of the
// request are put behind it; anything else is sent as it is.
//
// As with [Status], the body of the request is not read.
func Redirect(code int, location string) Action {
	target, err := url.Parse(location)
	origin := err == nil && target.Host != "" && target.Path == "" && target.RawQuery == ""
	return newAction(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		to := location
		if origin {
			to += r.URL.RequestURI()
		}
		w.Header().Set(protocol.HeaderLocation, to)
		w.WriteHeader(code)
		if r.Method != http.MethodHead {
			_, _ = fmt.Fprintf(w, "%s\n", http.StatusText(code))
		}
	}, "Redirect(%d, %s)", code, location)
}
