package httpsource

import (
	"net/url"
	"slices"
	"strings"

	"github.com/tusker-go/tusker/transport"
)

// signature describes how a service signs URLs. A URL that has a parameter of each group of
// marks is signed, and the parameters that match drop are no part of the identity of its object.
type signature struct {
	marks []string
	drop  func(name string) bool
}

// signatures has the known services. Names are in lower case.
var signatures = []signature{
	{[]string{"x-amz-signature"}, hasPrefix("x-amz-")},                                                                                                                                         // S3, version 4
	{[]string{"x-goog-signature"}, hasPrefix("x-goog-")},                                                                                                                                       // Google Cloud Storage, version 4
	{[]string{"awsaccesskeyid", "signature"}, oneOf("awsaccesskeyid", "signature", "expires", "x-amz-security-token")},                                                                         // S3, version 2
	{[]string{"googleaccessid", "signature"}, oneOf("googleaccessid", "signature", "expires")},                                                                                                 // Google Cloud Storage, version 2
	{[]string{"key-pair-id", "signature"}, oneOf("key-pair-id", "signature", "expires", "policy", "hash-algorithm")},                                                                           // CloudFront
	{[]string{"sig", "sv"}, oneOf("sig", "sv", "ss", "srt", "sp", "se", "st", "spr", "sr", "sip", "si", "ses", "sdd", "skoid", "sktid", "skt", "ske", "sks", "skv", "saoid", "suoid", "scid")}, // Azure
}

// credentials are parameters that are credentials under any service. Names are in lower case.
var credentials = oneOf("token", "access_token", "auth_token", "id_token", "jwt", "api_key", "apikey", "signature", "sig", "hmac")

func hasPrefix(prefix string) func(string) bool {
	return func(name string) bool { return strings.HasPrefix(name, prefix) }
}

func oneOf(names ...string) func(string) bool {
	return func(name string) bool { return slices.Contains(names, name) }
}

// stableURL returns the part of a URL that names the object, the same on any machine: without
// user and fragment, and without the parameters of the query that sign the URL or are
// credentials. Other parameters stay, because they may select the object.
func stableURL(u *url.URL) string {
	var drops []func(string) bool
	for _, s := range signatures {
		if s.signs(u) {
			drops = append(drops, s.drop)
		}
	}
	drops = append(drops, credentials)
	var kept []string
	for _, parameter := range parameters(u) {
		name := nameOf(parameter)
		if !slices.ContainsFunc(drops, func(drop func(string) bool) bool { return drop(name) }) {
			kept = append(kept, parameter)
		}
	}
	stable := transport.Origin(u) + u.EscapedPath()
	if len(kept) > 0 {
		stable += "?" + strings.Join(kept, "&")
	}
	return stable
}

// isSigned reports whether the query has a signature of a known service.
func isSigned(u *url.URL) bool {
	return slices.ContainsFunc(signatures, func(s signature) bool { return s.signs(u) })
}

func (s signature) signs(u *url.URL) bool {
	names := make(map[string]bool)
	for _, parameter := range parameters(u) {
		names[nameOf(parameter)] = true
	}
	return !slices.ContainsFunc(s.marks, func(mark string) bool { return !names[mark] })
}

// parameters returns the parameters of the query as they are written, without empty ones.
func parameters(u *url.URL) []string {
	return slices.DeleteFunc(strings.Split(u.RawQuery, "&"), func(p string) bool { return p == "" })
}

// nameOf returns the name of a parameter in lower case.
func nameOf(parameter string) string {
	name, _, _ := strings.Cut(parameter, "=")
	if plain, err := url.QueryUnescape(name); err == nil {
		name = plain
	}
	return strings.ToLower(name)
}
