package transport

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// RedactURL returns scheme, host and path of u, for logs. It omits query,
// fragment and user information, which may contain secrets. A nil u returns "".
func RedactURL(u *url.URL) string {
	if u == nil {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath, OmitHost: u.OmitHost}).String()
}

// RedactError returns an error for logs: the error inside the innermost
// [*url.Error] of err, whose own text contains the whole URL, or err if there
// is no *url.Error. Errors that wrap the *url.Error are lost. URLs in the text
// lose query, fragment and user information. errors.Is and errors.As find the
// original error.
func RedactError(err error) error {
	for {
		e, ok := errors.AsType[*url.Error](err)
		if !ok || e.Err == nil {
			break
		}
		if e.Op == "parse" && strings.Contains(e.URL, "@") {
			return errMalformed // the text may quote a part of a password
		}
		err = e.Err
	}
	if err == nil {
		return nil
	}
	text := err.Error()
	if shown := redactErrorText(text); shown != text {
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
	quotation = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`"(?:[^"\\]|\\.)*"`) })
	bareURL   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^\s"]+`) })
)

// RedactText removes query, fragment and user information of the absolute URLs in
// text, which may be invalid. A URL in double quotes may contain white space.
func RedactText(text string) string {
	text = quotation().ReplaceAllStringFunc(text, func(quoted string) string {
		if strings.Contains(quoted, "://") {
			return `"` + redactReference(quoted[1:len(quoted)-1]) + `"`
		}
		return quoted
	})
	return bareURL().ReplaceAllStringFunc(text, redactReference)
}

// redactErrorText is RedactText for errors of net/http, which quotes a Location that
// it cannot parse: every quoted text may be a URL, also a relative one. If a URL has
// user information, other quoted texts may be parts of its password and are removed.
func redactErrorText(text string) string {
	hasUser := false
	text = quotation().ReplaceAllStringFunc(text, func(quoted string) string {
		hasUser = hasUser || hasUserInfo(quoted)
		return `"` + redactReference(quoted[1:len(quoted)-1]) + `"`
	})
	if hasUser {
		text = quotation().ReplaceAllStringFunc(text, func(quoted string) string {
			if strings.Contains(quoted, "//") {
				return quoted
			}
			return `"…"`
		})
	}
	return RedactText(text)
}

// hasUserInfo reports whether a URL, which may be invalid, seems to have user
// information.
func hasUserInfo(ref string) bool {
	_, rest, ok := strings.Cut(ref, "//")
	return ok && strings.Contains(rest, "@")
}

// redactReference redacts an absolute or relative URL, which may be invalid. A
// password in an invalid URL may contain any character, so the user information
// ends at the last @.
func redactReference(ref string) string {
	if scheme, rest, ok := strings.Cut(ref, "//"); ok {
		authority := rest
		if _, err := url.Parse(ref); err == nil {
			if end := strings.IndexAny(rest, "/?#"); end >= 0 {
				authority = rest[:end]
			}
		}
		if at := strings.LastIndexByte(authority, '@'); at >= 0 {
			ref = scheme + "//" + rest[at+1:]
		}
	}
	if i := strings.IndexAny(ref, "?#"); i >= 0 {
		return ref[:i] + "?…"
	}
	return ref
}
