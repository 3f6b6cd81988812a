package tus

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/wire"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
)

// maxConcat is how many bytes the URLs of parts may take in one header: proxies refuse
// headers over 8 KiB, and the other headers of a request need room, too.
const maxConcat = 7 << 10

// shorten removes the origin from the URLs of parts if all of them would make a header
// that is too long.
func shorten(endpoint string, parts []string) []string {
	size := len("final;")
	for _, p := range parts {
		size += len(p) + len(" ")
	}
	base, err := url.Parse(endpoint)
	if size <= maxConcat || err != nil {
		return parts
	}
	short := make([]string, len(parts))
	for i, p := range parts {
		short[i] = relative(base, p)
	}
	return short
}

// relative returns the URL of a part without its origin if base has the same origin.
func relative(base *url.URL, part string) string {
	u, err := url.Parse(transport.EscapeURL(part))
	// A path that begins with two slashes would be read as a host.
	if err != nil || !transport.SameOrigin(base, u) || strings.HasPrefix(u.Path, "//") {
		return part
	}
	return u.RequestURI()
}

// maxParts returns how many parts one header can name, judging by the URL of one.
func maxParts(endpoint, part string) int {
	if base, err := url.Parse(endpoint); err == nil {
		part = relative(base, part)
	}
	return max(1, maxConcat/(len(part)+len(" ")))
}

// paddingHeader is the header by which OPTIONS gets as long as a request that joins parts.
const paddingHeader = "X-Tusker-Padding"

// checkLength sends OPTIONS with a header as long as that of a request that joins n parts like
// part. It returns an error if the answer says that this is too long. Other answers say nothing.
func (s *Server) checkLength(ctx context.Context, endpoint, part string, n int, call wire.Call) error {
	if base, err := url.Parse(endpoint); err == nil {
		part = relative(base, part)
	}
	call.Header = call.Header.Clone()
	if call.Header == nil {
		call.Header = make(http.Header)
	}
	call.Header.Set(paddingHeader, strings.Repeat("0", n*(len(part)+len(" "))))
	_, err := s.options(ctx, endpoint, discoveryStall, call)
	e, ok := errors.AsType[*failure.Error](err)
	if !ok {
		return nil
	}
	switch e.StatusCode {
	case http.StatusBadRequest, http.StatusRequestURITooLong, http.StatusRequestHeaderFieldsTooLarge:
		refused := *e
		refused.Op = protocol.OpConcat
		refused.Err = fmt.Errorf("a request that names %d parts, with %d bytes each, is too long: %w", n, len(part), e.Err)
		return &refused
	}
	return nil
}
