package wire

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// leastSecret is the least number of bytes of a secret that is looked for in the text of a server.
// Shorter values occur in texts by chance.
const leastSecret = 6

// openHeaders are the beginnings of the names of headers whose values are no secrets.
var openHeaders = []string{
	"Accept", "Cache-Control", "Content-", "Expect", "If-", "Range", "Tus-", "Upload-", "User-Agent", "X-Http-Method-Override", "X-Request-Id",
}

// withoutSecrets removes from the text of a server what it repeats of the requests and may be
// secret: the queries of their URLs, and the values of all headers but those of openHeaders.
func withoutSecrets(text string, requests ...*http.Request) string {
	if text == "" {
		return ""
	}
	var secrets []string
	for _, req := range requests {
		if req != nil {
			secrets = append(secrets, secretsOf(req)...)
		}
	}
	// A secret may be a part of another one.
	slices.SortFunc(secrets, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for _, secret := range secrets {
		if len(secret) >= leastSecret {
			text = strings.ReplaceAll(text, secret, "…")
		}
	}
	return text
}

func secretsOf(req *http.Request) []string {
	secrets := []string{req.URL.RawQuery}
	for pair := range strings.FieldsFuncSeq(req.URL.RawQuery, func(r rune) bool { return r == '&' || r == ';' }) {
		_, value, _ := strings.Cut(pair, "=")
		secrets = append(secrets, value)
		if plain, err := url.QueryUnescape(value); err == nil {
			secrets = append(secrets, plain)
		}
	}
	for name, values := range req.Header {
		if slices.ContainsFunc(openHeaders, func(open string) bool { return strings.HasPrefix(name, open) }) {
			continue
		}
		for _, value := range values {
			secrets = append(secrets, value)
			words := strings.Fields(value)
			if len(words) > 1 && strings.HasSuffix(name, "Authorization") {
				words = words[1:] // the first is a scheme, such as Bearer, which texts may name
			}
			for _, word := range words {
				word = strings.TrimSuffix(word, ";")
				// A cookie has a name before its value.
				_, rest, _ := strings.Cut(word, "=")
				secrets = append(secrets, word, rest)
			}
		}
	}
	return secrets
}
