package conformance_test

import (
	"net/http"
	"slices"
	"strings"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/testserver/conformance/internal/exemplar"
)

func brokenServersRUFH() []brokenRUFH {
	return slices.Concat(brokenResources(), brokenLimits(), brokenCreations(), brokenRetrievals(), brokenAppends(), brokenOthers(), brokenOlder())
}

const (
	headerLimit    = rufh.HeaderUploadLimit
	headerComplete = rufh.HeaderUploadComplete
	headerOffset   = rufh.HeaderUploadOffset
	headerLength   = rufh.HeaderUploadLength
)

func brokenResources() []brokenRUFH {
	return []brokenRUFH{
		{rule: "url-unique", name: "two in a row", wrap: sameURLs()},
		{rule: "url-reuse", name: "after DELETE", wrap: reusedURLs()},
		{rule: "url-guessable", name: "counter", with: func(s *exemplar.RUFH) { s.Step = 1 }},
		{rule: "offset-type", name: "decimal", wrap: success(http.MethodPatch, headerOffset, "8.0")},
		{rule: "offset-type", name: "string accepted", wrap: received(func(r *http.Request) {
			if r.Header.Get(headerOffset) == `"0"` {
				r.Header.Set(headerOffset, "0")
			}
		})},
		{rule: "offset-matches", name: "too small", wrap: successIf(func(r *http.Request, _ *final) bool {
			return r.Method == http.MethodPatch && !completes(r)
		}, headerOffset, "1")},
		{rule: "offset-decreases", name: "after an empty PATCH", wrap: decreasing()},
		{rule: "complete-type", name: "integer", wrap: success(http.MethodHead, headerComplete, "0")},
		{rule: "complete-type", name: "integer accepted", wrap: received(func(r *http.Request) {
			if r.Header.Get(headerComplete) == "1" {
				r.Header.Set(headerComplete, "?1")
			}
		})},
		{rule: "length-type", name: "string", wrap: successIf(func(r *http.Request, f *final) bool {
			return r.Method == http.MethodHead && f.header.Get(headerLength) != ""
		}, headerLength, `"8"`)},
		{rule: "length-type", name: "string accepted", wrap: received(func(r *http.Request) {
			if value := r.Header.Get(headerLength); value != "" {
				r.Header.Set(headerLength, strings.Trim(value, `"`))
			}
		})},
		{rule: "length-indicators", name: "ignored", wrap: received(func(r *http.Request) {
			if r.Method == http.MethodPost && completes(r) {
				r.Header.Del(headerLength)
			}
		})},
		{rule: "length-consistent", name: "ignored", wrap: received(func(r *http.Request) {
			if r.Method == http.MethodPatch && r.ContentLength > 0 {
				r.Header.Del(headerLength)
			}
		})},
	}
}

func brokenLimits() []brokenRUFH {
	grown := func(r *http.Request, f *final) bool {
		return r.Method == http.MethodHead && f.header.Get(headerOffset) != "0"
	}
	return []brokenRUFH{
		{rule: "limit-type", name: "token", wrap: success(http.MethodHead, headerLimit, "max-size=many")},
		{rule: "limit-type", name: "not a dictionary", wrap: success(http.MethodHead, headerLimit, "10, 20")},
		{rule: "limit-appears", name: "max-append-size", wrap: success(http.MethodPost, headerLimit, "max-size=1048576, min-size=2, min-append-size=1, max-age=3600")},
		{rule: "limit-max-decreases", name: "max-size", wrap: successIf(grown, headerLimit, "max-size=1000, min-size=2, min-append-size=1, max-append-size=524288, max-age=3600")},
		{rule: "limit-min-increases", name: "min-size", wrap: successIf(grown, headerLimit, "max-size=1048576, min-size=5, min-append-size=1, max-append-size=524288, max-age=3600")},
		{rule: "limit-age-decreases", name: "by an hour", wrap: success(http.MethodHead, headerLimit, "max-size=1048576, min-size=2, min-append-size=1, max-append-size=524288, max-age=10")},
		{rule: "options-limit", name: "missing", wrap: success(http.MethodOptions, headerLimit, ""), implied: []string{"background-options"}},
		{rule: "limit-empty", name: http.MethodHead, wrap: finals(func(r *http.Request, f *final) {
			if r.Method == http.MethodHead {
				f.header.Set(headerLimit, "")
			}
		})},
		{rule: "options-restrictive", name: "larger max-size", wrap: success(http.MethodOptions, headerLimit, "max-size=2097152, min-size=2, min-append-size=1, max-append-size=524288")},
		{rule: "limit-violated", name: "413", wrap: finals(func(_ *http.Request, f *final) {
			if f.status == http.StatusRequestEntityTooLarge {
				f.header.Del(headerLimit)
			}
		})},
	}
}

func brokenCreations() []brokenRUFH {
	empty := func(r *http.Request, _ *final) bool { return r.Method == http.MethodPost && r.ContentLength == 0 }
	return []brokenRUFH{
		{rule: "creation-announced", name: "not with ?0", wrap: interims(func(r *http.Request, _ int, _ http.Header) bool {
			return r.Method != http.MethodPost || completes(r) || r.ContentLength == 0
		})},
		{rule: "creation-announced", name: "never", wrap: interims(func(r *http.Request, _ int, _ http.Header) bool {
			return r.Method != http.MethodPost
		}), implied: []string{"background-announcement"}},
		{rule: "announcement-location", name: "missing", wrap: interims(func(r *http.Request, _ int, h http.Header) bool {
			if r.ContentLength == 0 {
				h.Del(protocol.HeaderLocation)
			}
			return true
		})},
		{rule: "announcement-limit", name: "missing", wrap: interims(func(_ *http.Request, _ int, h http.Header) bool {
			h.Del(headerLimit)
			return true
		})},
		{rule: "creation-success-complete", name: "missing", wrap: successIf(func(r *http.Request, _ *final) bool {
			return r.Method == http.MethodPost && completes(r)
		}, headerComplete, "")},
		{rule: "creation-location", name: "missing", wrap: successIf(empty, protocol.HeaderLocation, "")},
		{rule: "creation-limit", name: "missing", wrap: success(http.MethodPost, headerLimit, "")},
		{rule: "creation-status", name: "200", wrap: finals(func(r *http.Request, f *final) {
			if r.Method == http.MethodPost && !completes(r) && f.status == http.StatusCreated {
				f.status = http.StatusOK
			}
		})},
		{rule: "creation-length", name: "off by one", wrap: wrongLengths()},
		{rule: "location-identical", name: "query", wrap: finals(func(r *http.Request, f *final) {
			if at := f.header.Get(protocol.HeaderLocation); at != "" && r.ContentLength > 0 && !completes(r) {
				f.header.Set(protocol.HeaderLocation, at+"?copy")
			}
		})},
		{rule: "creation-complete", name: "missing", wrap: successIf(empty, headerComplete, "")},
		{rule: "creation-redirect", name: "303", wrap: finals(func(r *http.Request, f *final) {
			if r.Method == http.MethodPost && r.ContentLength > 0 && f.header.Get(headerComplete) == "?0" && f.status == http.StatusCreated {
				f.status = http.StatusSeeOther
			}
		})},
		{rule: "creation-stores-received", name: "all or nothing", wrap: received(func(r *http.Request) {
			if r.Method == http.MethodPost && isLarge(r) {
				r.Body = &allAtOnce{ReadCloser: r.Body}
			}
		})},
		{rule: "creation-cut-incomplete", name: "complete", wrap: received(func(r *http.Request) {
			if r.Method == http.MethodPost && isLarge(r) {
				r.Body, r.ContentLength = lenient{r.Body}, -1
			}
		})},
	}
}

func brokenRetrievals() []brokenRUFH {
	fresh := func(r *http.Request, f *final) bool {
		return r.Method == http.MethodHead && f.header.Get(headerOffset) == "0"
	}
	return []brokenRUFH{
		{rule: "retrieval-offset", name: "missing", wrap: successIf(fresh, headerOffset, "")},
		{rule: "retrieval-limit", name: "missing", wrap: success(http.MethodHead, headerLimit, "")},
		{rule: "retrieval-no-store", name: "missing", wrap: success(http.MethodHead, "Cache-Control", "")},
		{rule: "retrieval-redirect", name: "302", wrap: finals(func(r *http.Request, f *final) {
			if fresh(r, f) {
				f.status = http.StatusFound
				f.header.Set(protocol.HeaderLocation, "/elsewhere")
			}
		})},
		{rule: "retrieval-ends-append", name: "shared", with: func(s *exemplar.RUFH) { s.Shared = true }},
		{rule: "offset-usable", name: "outdated", wrap: outdated()},
	}
}

func brokenAppends() []brokenRUFH {
	conflict := func(edit func(f *final)) wrap {
		return finals(func(_ *http.Request, f *final) {
			if f.status == http.StatusConflict {
				edit(f)
			}
		})
	}
	patchInterims := func(edit func(h http.Header) bool) wrap {
		return interims(func(r *http.Request, _ int, h http.Header) bool { return r.Method != http.MethodPatch || edit(h) })
	}
	return []brokenRUFH{
		{rule: "append-stores-received", name: "all or nothing", wrap: received(func(r *http.Request) {
			if r.Method == http.MethodPatch && isLarge(r) {
				r.Body = &allAtOnce{ReadCloser: r.Body}
			}
		})},
		{rule: "append-cut-incomplete", name: "complete", wrap: received(func(r *http.Request) {
			if r.Method == http.MethodPatch && isLarge(r) && completes(r) {
				r.Body, r.ContentLength = lenient{r.Body}, -1
			}
		})},
		{rule: "offset-mismatch", name: "400", wrap: conflict(func(f *final) { f.status = http.StatusBadRequest })},
		{rule: "offset-mismatch", name: "no completeness", wrap: conflict(func(f *final) { f.header.Del(headerComplete) })},
		{rule: "offset-mismatch-offset", name: "missing", wrap: conflict(func(f *final) { f.header.Del(headerOffset) })},
		{rule: "problem-offsets", name: "missing", wrap: conflict(func(f *final) {
			f.body = []byte(`{"type":"` + rufh.ProblemMismatchingOffset + `"}`)
		})},
		{rule: "append-length", name: "ignored", wrap: received(func(r *http.Request) {
			if r.Method == http.MethodPatch && r.ContentLength == 0 {
				r.Header.Del(headerLength)
			}
		})},
		{rule: "length-exceeded", name: "still there", wrap: undead()},
		{rule: "append-progress", name: "none", wrap: patchInterims(func(http.Header) bool { return false })},
		{rule: "append-progress-location", name: "present", wrap: patchInterims(func(h http.Header) bool {
			h.Set(protocol.HeaderLocation, "/files/up-1")
			return true
		})},
		{rule: "final-response", name: "200", wrap: finals(func(r *http.Request, f *final) {
			if r.Method == http.MethodPatch && completes(r) && f.status == http.StatusCreated {
				f.status = http.StatusOK
			}
		})},
		{rule: "final-complete", name: "missing", wrap: successIf(func(r *http.Request, _ *final) bool {
			return r.Method == http.MethodPatch && completes(r)
		}, headerComplete, "")},
		{rule: "final-success-complete", name: "204", wrap: finals(func(r *http.Request, f *final) {
			if r.Method == http.MethodPatch && completes(r) && f.status == http.StatusBadRequest {
				f.status = http.StatusNoContent
			}
		})},
		{rule: "append-complete", name: "missing", wrap: successIf(func(r *http.Request, _ *final) bool {
			return r.Method == http.MethodPatch && !completes(r)
		}, headerComplete, "")},
		{rule: "append-redirect", name: "302", wrap: finals(func(r *http.Request, f *final) {
			if r.Method == http.MethodPatch && !completes(r) && !isLarge(r) && f.status == http.StatusNoContent {
				f.status = http.StatusFound
				f.header.Set(protocol.HeaderLocation, "/elsewhere")
			}
		})},
		{rule: "concurrent-appends", name: "both acknowledged", wrap: careless()},
	}
}

func brokenOthers() []brokenRUFH {
	return []brokenRUFH{
		{rule: "cancel-deactivates", name: "kept", wrap: received(func(r *http.Request) {
			if r.Method == http.MethodDelete {
				r.Method = http.MethodHead
			}
		})},
		{rule: "cancel-ends-requests", name: "goes on", wrap: hidden()},
		{rule: "cancel-redirect", name: "303", wrap: finals(func(r *http.Request, f *final) {
			if r.Method == http.MethodDelete {
				f.status = http.StatusSeeOther
				f.header.Set(protocol.HeaderLocation, "/elsewhere")
			}
		})},
		{rule: "continue-kept", name: "none", wrap: interims(func(_ *http.Request, status int, _ http.Header) bool {
			return status != http.StatusContinue
		})},
		{rule: "version-mismatch", name: "any", wrap: received(func(r *http.Request) {
			if r.Method == http.MethodPost {
				r.Header.Set(rufh.HeaderInteropVersion, "10")
			}
		})},
		{rule: "version-declared", name: "missing", wrap: interims(func(_ *http.Request, _ int, h http.Header) bool {
			h.Del(rufh.HeaderInteropVersion)
			return true
		})},
		{rule: "background-options", name: "405", wrap: finals(func(r *http.Request, f *final) {
			if r.Method == http.MethodOptions {
				f.status = http.StatusMethodNotAllowed
			}
		})},
		{rule: "background-announcement", name: "late", wrap: lateAnnouncements},
	}
}

func brokenOlder() []brokenRUFH {
	return []brokenRUFH{
		{rule: "retrieval-complete", name: "missing", version: 9, wrap: success(http.MethodHead, headerComplete, "")},
		{rule: "retrieval-length", name: "missing", version: 9, wrap: success(http.MethodHead, headerLength, "")},
		{rule: "retrieval-fields", name: "ignored", version: 6, wrap: received(func(r *http.Request) {
			if r.Method == http.MethodHead {
				r.Header.Del(headerOffset)
			}
		})},
		{rule: "response-offset", name: "missing", version: 6, wrap: successIf(func(r *http.Request, _ *final) bool {
			return r.Method == http.MethodPatch && !completes(r)
		}, headerOffset, "")},
		{rule: "completed-unmodified", name: "204", version: 8, wrap: finals(func(r *http.Request, f *final) {
			if r.Method == http.MethodPatch && f.status == http.StatusBadRequest && f.header.Get(headerOffset) != "" {
				f.status = http.StatusNoContent
			}
		})},
		{rule: "cancel-status", name: "200", version: 7, wrap: finals(func(r *http.Request, f *final) {
			if r.Method == http.MethodDelete {
				f.status = http.StatusOK
			}
		})},
		{rule: "gone-status", name: "410", version: 6, wrap: finals(func(_ *http.Request, f *final) {
			if f.status == http.StatusNotFound {
				f.status = http.StatusGone
			}
		})},
	}
}
