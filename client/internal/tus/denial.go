package tus

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/redact"
)

// newDenial returns the Denial of an answer to the last bytes of an upload. Refused says
// whether it is a verdict on the upload. The zero value is returned for an answer that is no
// error.
func newDenial(e *failure.Error, refused bool) failure.Denial {
	if e.StatusCode < http.StatusBadRequest || e.StatusCode > 599 {
		return failure.Denial{}
	}
	text := strings.ToValidUTF8(redact.ServerText(e.Body), "\uFFFD")
	return failure.Denial{StatusCode: e.StatusCode, Code: bounded(e.Code), Words: bounded(text), Refused: refused}
}

// bounded returns s without what is too long for a record.
func bounded(s string) string {
	for len(s) > failure.MaxDenialText {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}
