package transport

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Origin returns the origin of u: scheme, host and port, without the default port of
// http and https (RFC 6454, section 6.2). The host is in lower case, and an
// internationalized name in its ASCII form, as net/http sends it. Two URLs belong to the
// same server if their origins are equal. Origin returns "" if u has no host.
func Origin(u *url.URL) string {
	if u.Hostname() == "" {
		return ""
	}
	scheme := strings.ToLower(u.Scheme)
	return scheme + "://" + authority(scheme, u.Host)
}

// SameOrigin reports whether two URLs have the same [Origin], and so belong to the same
// server.
func SameOrigin(a, b *url.URL) bool {
	// Most URLs that are compared are written alike; this needs no memory.
	return a.Scheme == b.Scheme && a.Host == b.Host || Origin(a) == Origin(b)
}

// Readdress returns the URL at which a client reaches target, a URL that the answer to a
// request to base names. A server knows itself by the Host header of the request, which
// need not be the address that the client dials: host is that header if it differs from
// base, and the zone of an IPv6 address is never sent. If target has the scheme of base and
// the host of that header, the result has the host of base, which is the same server.
// Otherwise Readdress returns target. It does not change its arguments.
func Readdress(target, base *url.URL, host string) *url.URL {
	if host == "" {
		host = base.Host
	}
	scheme := strings.ToLower(target.Scheme)
	switch {
	case !strings.EqualFold(scheme, base.Scheme), SameOrigin(target, base):
		return target
	case target.Hostname() == "", authority(scheme, target.Host) != authority(scheme, withoutZone(host)):
		return target
	}
	reached := *target
	reached.Host = base.Host
	return &reached
}

// authority returns a host, which may have a port, in the form that Origin describes.
func authority(scheme, host string) string {
	u := url.URL{Host: host}
	name, port := asciiName(u.Hostname()), u.Port()
	if scheme == "http" && port == "80" || scheme == "https" && port == "443" {
		port = ""
	}
	switch {
	case port != "":
		return net.JoinHostPort(name, port)
	case strings.Contains(name, ":"):
		return "[" + name + "]"
	}
	return name
}

// asciiName returns a host name in lower case and in ASCII. Punycode is not in the
// standard library, except in the requests that net/http writes.
func asciiName(name string) string {
	name = strings.ToLower(name)
	if strings.IndexFunc(name, func(r rune) bool { return r >= 0x80 }) < 0 {
		return name
	}
	var sent bytes.Buffer
	req := http.Request{Method: http.MethodGet, URL: &url.URL{Scheme: "http", Host: name, Path: "/"}}
	if err := req.Write(&sent); err != nil {
		return name
	}
	read, err := http.ReadRequest(bufio.NewReader(&sent))
	if err != nil || read.Host == "" {
		return name
	}
	return strings.ToLower(read.Host)
}

// withoutZone removes the zone of an IPv6 address in brackets (RFC 6874).
func withoutZone(host string) string {
	if !strings.HasPrefix(host, "[") {
		return host
	}
	address, rest, ok := strings.Cut(host, "]")
	if !ok {
		return host
	}
	address, _, _ = strings.Cut(address, "%")
	return address + "]" + rest
}
