package transport

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
)

// RedactURL returns scheme, host and path of u: what may be logged. Query,
// fragment and user info are left out, since they often hold a secret. nil
// gives the empty string.
func RedactURL(u *url.URL) string {
	if u == nil {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

// RedactError returns what may be logged of err: the error inside the innermost
// [*url.Error] of its chain, which spells out the whole URL, or err itself where
// there is none. It is for logs only, as it drops what is wrapped around. URLs in
// the text lose query, fragment and user info; errors.Is and errors.As see the
// error as it was.
func RedactError(err error) error {
	for {
		e, ok := errors.AsType[*url.Error](err)
		if !ok || e.Err == nil {
			break
		}
		if e.Op == "parse" && strings.Contains(e.URL, "@") {
			return errMalformed // The reason may quote a part of a password.
		}
		err = e.Err
	}
	if err == nil {
		return nil
	}
	text := err.Error()
	if shown := redactText(text); shown != text {
		return &redactedError{err: err, text: shown}
	}
	return err
}

var errMalformed = errors.New("malformed; a user and password have to be percent-encoded")

// redactedError is err with another text.
type redactedError struct {
	err  error
	text string
}

func (e *redactedError) Error() string { return e.text }
func (e *redactedError) Unwrap() error { return e.err }

var (
	quotation = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	bareURL   = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^\s"]+`)
)

// redactText leaves query, fragment and user info out of the URLs in text. Quoted
// text counts as a URL if it has the parts of one: package net/http quotes a
// Location that it cannot parse. Once a URL has a user, other quotations may be
// parts of the password.
func redactText(text string) string {
	hasUser := false
	text = quotation.ReplaceAllStringFunc(text, func(quoted string) string {
		hasUser = hasUser || hasUserInfo(quoted)
		return `"` + redactReference(quoted[1:len(quoted)-1]) + `"`
	})
	if hasUser {
		text = quotation.ReplaceAllStringFunc(text, func(quoted string) string {
			if strings.Contains(quoted, "//") {
				return quoted
			}
			return `"…"`
		})
	}
	return bareURL.ReplaceAllStringFunc(text, redactReference)
}

// hasUserInfo tells whether a URL that may not parse seems to have a user.
func hasUserInfo(ref string) bool {
	_, rest, ok := strings.Cut(ref, "//")
	return ok && strings.Contains(rest, "@")
}

// redactReference redacts an absolute or relative URL that may not parse. A password
// may hold any character then, so user info goes up to the last @.
func redactReference(ref string) string {
	if scheme, rest, ok := strings.Cut(ref, "//"); ok {
		if at := strings.LastIndexByte(rest, '@'); at >= 0 {
			ref = scheme + "//" + rest[at+1:]
		}
	}
	if i := strings.IndexAny(ref, "?#"); i >= 0 {
		return ref[:i] + "?…"
	}
	return ref
}
