package config

import (
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Secret returns the line of a secret that the file contains. The name of a file or a
// command with a secret does not count. ok is false if there is no secret.
func (f *File) Secret() (line int, ok bool) {
	for _, raw := range f.DefaultEndpoint.Values {
		if hasPassword(raw) || hasTellingQuery(raw) {
			return f.DefaultEndpoint.Line, true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.Endpoints)) {
		e := f.Endpoints[name]
		if hasPassword(e.URL) || hasTellingQuery(e.URL) {
			return e.Line, true
		}
		if line, ok := e.Settings.secret(); ok {
			return line, true
		}
	}
	return f.Defaults.secret()
}

func (s Settings) secret() (line int, ok bool) {
	for _, key := range slices.Sorted(maps.Keys(s)) {
		for _, value := range s[key].Values {
			if IsSecret(key, value) {
				return s[key].Line, true
			}
		}
	}
	return 0, false
}

// telling are parts of the names of headers and parameters that carry secrets.
var telling = []string{"auth", "cookie", "key", "token", "secret", "signature", "password"}

// IsSecret reports whether the value of a flag is one that others should not see.
func IsSecret(flag, value string) bool {
	switch flag {
	case "user":
		_, password, _ := strings.Cut(value, ":")
		return password != ""
	case "proxy":
		return hasPassword(value)
	case "engine":
		return strings.Contains(value, "@") // a user without a password is a token
	case "header":
		name, _, _ := strings.Cut(value, ":")
		return tells(name)
	}
	return false
}

// tells reports whether the name is that of a secret.
func tells(name string) bool {
	return slices.ContainsFunc(telling, func(part string) bool { return strings.Contains(strings.ToLower(name), part) })
}

func hasTellingQuery(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil {
		return false
	}
	for name := range u.Query() {
		if tells(name) {
			return true
		}
	}
	return false
}

func hasPassword(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil {
		return false
	}
	_, ok := u.User.Password()
	return ok
}
