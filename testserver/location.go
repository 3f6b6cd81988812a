package testserver

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/tusker-go/tusker/protocol"
)

// LocationForm is a form of the URL in the header Location.
type LocationForm string

// The forms. The examples are for http://tus.test/files/1.
const (
	// LocationRelative is "1", relative to the URL of the request. The
	// specification allows it.
	LocationRelative LocationForm = "relative"
	// LocationPath is "/files/1", as @tus/server with relativeLocation and
	// tusdotnet send it.
	LocationPath LocationForm = "path"
	// LocationSchemeless is "//tus.test/files/1", as tus-node-server sends it
	// because it does not know whether a proxy in front of it uses TLS.
	LocationSchemeless LocationForm = "schemeless"
	// LocationInsecure is "http://tus.test/files/1" even if the client uses
	// https, as tusd and @tus/server send it behind a proxy that ends TLS and
	// does not forward the scheme.
	LocationInsecure LocationForm = "insecure"
	// LocationAbsent removes Location, as proxies that filter headers do. Login
	// pages that replace the answer have none either.
	LocationAbsent LocationForm = "absent"
)

// Location rewrites the Location of tusd's answer in another form. An answer
// without Location is not changed. An unknown form changes nothing.
func Location(form LocationForm) Action {
	return withName(rewriteLocation(func(r *http.Request, u *url.URL) string { return form.of(r, u) }), "Location(%s)", form)
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

// LocationQuery adds query, without "?", to the Location of tusd's answer, as
// servers with signed URLs do. The query is sent unchanged. A query such as
// "sig=a%2Fb+c%7e" detects clients that encode it again.
func LocationQuery(query string) Action {
	return withName(rewriteLocation(func(_ *http.Request, u *url.URL) string {
		return u.String() + "?" + query
	}), "LocationQuery(%q)", query)
}

// LocationOrigin moves the upload to another origin, such as
// "http://127.0.0.1:1234", in the Location of tusd's answer. Cloudflare, oCIS
// and Vimeo create uploads on one origin and store them on another. Two servers
// with the same Config.Dir have the same uploads. A path in origin is put
// before the path of the upload, without its last slash.
func LocationOrigin(origin string) Action {
	origin = strings.TrimRight(origin, "/")
	return withName(rewriteLocation(func(_ *http.Request, u *url.URL) string {
		return origin + u.RequestURI()
	}), "LocationOrigin(%s)", origin)
}

// rewriteLocation replaces Location by the result of edit. If edit returns "",
// Location is removed.
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
// Location, instead of tusd. Examples are a server that has moved (301, 308), a
// load balancer or storage that names the responsible node (307), and a login
// page (302). If location is an origin without a path, such as
// "http://127.0.0.1:1234", the path and the query of the request are appended.
// Any other location is sent unchanged.
//
// Redirect does not read the body of the request, see [Status].
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
