package doctor

import (
	"context"
	"net/http"
	"strings"

	"github.com/tusker-go/tusker/client"
)

// strangers is the number of requests without cookies. A load balancer with few
// servers sends one of them to a server without the upload.
const strangers = 3

// cache looks for a cache that answers HEAD with an earlier offset. It returns false if
// even Cache-Control: no-cache has no effect on the cache.
func (e *examination) cache(ctx context.Context) bool {
	n := min(leastBody, e.body, e.left()/2)
	known := e.offset
	// A cache may store the answer to the first HEAD.
	if n < 1 || e.head(ctx) != nil {
		return true
	}
	e.offset = max(known, e.offset)
	if e.patch(ctx, n) != nil {
		return e.head(ctx) == nil
	}
	acknowledged := e.offset
	defer func() { e.offset = acknowledged }()
	// A client that allows a stored answer gets it.
	reply, err := e.headWith(ctx, http.Header{"Cache-Control": {"max-stale"}})
	if err != nil || e.offset >= acknowledged {
		return true
	}
	old := size(e.offset)
	if age := reply.Header.Get("Age"); age != "" {
		old += ", Age " + age
	}
	if err := e.head(ctx); err == nil && e.offset >= acknowledged {
		e.warn("cache", "none needed: tusker asks with Cache-Control: no-cache",
			"a cache answers HEAD with an old offset: %s of %s", old, size(acknowledged))
		return true
	}
	e.warn("cache", "let caches pass HEAD of uploads (Cache-Control: no-store): a later run resumes at an old offset",
		"HEAD has an old offset, even with Cache-Control: no-cache: %s of %s", old, size(acknowledged))
	return false
}

// affinity asks for the upload without cookies, if the server sets any. A load balancer
// may find the server of an upload by a cookie.
func (e *examination) affinity(ctx context.Context) {
	name := e.tap.cookie()
	if name == "" {
		return
	}
	cfg := e.Client
	cfg.Jar = nil
	cfg.Header = cfg.Header.Clone()
	cfg.Header.Del("Cookie")
	stranger, err := client.New(cfg)
	if err != nil {
		return
	}
	for range strangers {
		limited, cancel := e.exchange(ctx)
		_, err := stranger.Head(limited, e.url, nil)
		cancel()
		if isMissing(err) {
			e.warn("affinity", "none needed for one run: tusker keeps cookies; to resume in a later run, send the cookie with -H 'Cookie: "+name+"=...'",
				"without the cookie %s, another server answers that does not have the upload", name)
			return
		}
	}
	e.ok("affinity", "", "the server sets the cookie %s, and finds uploads without it", name)
}

// headerSizes are the sizes of a header that are tried. Proxies often allow 8 KiB for
// all headers.
var headerSizes = []int{12 << 10, 6 << 10, 3 << 10, 1 << 10}

// headers looks for a low limit for the size of headers. Long metadata and the URLs of
// many parts make large headers.
func (e *examination) headers(ctx context.Context) {
	known := e.offset
	defer func() { e.offset = known }()
	var refused error
	for i, n := range headerSizes {
		_, err := e.headWith(ctx, http.Header{"X-Tusker-Doctor": {strings.Repeat("0", n)}})
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && i == 0:
			e.ok("headers", "", "headers of %s pass", size(int64(n)))
			return
		case err == nil:
			e.warn("headers", "shorten the values of --metadata; fewer parts with --parallel",
				"headers of %s pass, of %s do not: %s", size(int64(n)), size(int64(headerSizes[i-1])), plain(refused))
			return
		}
		refused = err
	}
	// The limit is so low that it is hardly one of headers.
	if err := e.head(ctx); err == nil {
		e.warn("headers", "shorten the values of --metadata; fewer parts with --parallel",
			"headers of %s do not pass: %s", size(int64(headerSizes[len(headerSizes)-1])), plain(refused))
	}
}
