package wire

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/tusker-go/tusker/client/failure"
)

// CheckHeader returns an error for names and values that net/http would refuse, so that they
// fail before any request is sent. The error Is failure.ErrInvalidOption.
func CheckHeader(h http.Header) error {
	for name, values := range h {
		if !isToken(name) {
			return fmt.Errorf("%w: header name %q", failure.ErrInvalidOption, name)
		}
		for _, v := range values {
			// The value may be a secret: it is not shown.
			if strings.ContainsFunc(v, isForbidden) {
				return fmt.Errorf("%w: the value of header %s has a control character", failure.ErrInvalidOption, name)
			}
		}
	}
	return nil
}

func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}

func isForbidden(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// Merge puts the headers src over those of dst.
func Merge(dst, src http.Header) {
	for name, values := range src {
		dst[http.CanonicalHeaderKey(name)] = append([]string(nil), values...)
	}
}
