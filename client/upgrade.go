package client

import (
	"fmt"
	"net/http"
	"strings"
)

// Upgrade makes an upload an ordinary request to Config.Endpoint, with the bytes of the source
// as its content. The request can be resumed if the server supports Resumable Uploads for HTTP,
// and stays an ordinary request if not: it is then sent once, and a failure is not retried.
//
// Result.Response is the response of the server. Config.Protocol may name the version, such as
// "rufh/8"; otherwise it is the newest.
type Upgrade struct {
	// Method is that of the request: PUT, POST or PATCH. "": POST.
	Method string
}

func (u *Upgrade) check(j *job) error {
	switch strings.ToUpper(u.Method) {
	case "", http.MethodPut, http.MethodPost, http.MethodPatch:
	default:
		return fmt.Errorf("%w: method %q of an upgraded request", ErrInvalidOption, u.Method)
	}
	if j.once {
		return fmt.Errorf("%w: an upgraded request cannot be recorded before its first byte, as Once demands", ErrInvalidOption)
	}
	return nil
}

// Response is the response of the resource that an upload is for.
type Response struct {
	// StatusCode and Header are those of the response. Header has at most MaxKeptHeader
	// bytes.
	StatusCode int
	Header     http.Header

	// Body is the beginning of the body, at most 64 KiB. Truncated means that there is more, or
	// that the body broke off.
	Body      []byte
	Truncated bool
}
