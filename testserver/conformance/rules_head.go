package conformance

import (
	"net/http"
	"slices"
	"strings"

	"github.com/tusker-go/tusker/protocol"
)

const sectionHead = "Core Protocol, Requests, HEAD"

var headRules = []Rule{
	{
		ID: "head-offset", Section: sectionHead, Level: Must, Extension: Core,
		Sentence: "The Server MUST always include the Upload-Offset header in the response for a HEAD request, even if the offset is 0, or the upload is already considered completed.",
		Tested:   "HEAD of an upload without bytes, of one with some bytes and of a complete one.",
		check:    headOffset,
	},
	{
		ID: "head-length", Section: sectionHead, Level: Must, Extension: Core,
		Sentence: "If the size of the upload is known, the Server MUST include the Upload-Length header in the response.",
		Tested:   "HEAD of an upload created with a length has that length.",
		check:    headLength,
	},
	{
		ID: "head-not-found", Section: sectionHead, Level: Should, Extension: Core,
		Sentence: "If the resource is not found, the Server SHOULD return either the 404 Not Found, 410 Gone or 403 Forbidden status without the Upload-Offset header.",
		Tested:   "HEAD of an upload URL with changed digits.",
		check:    headNotFound,
	},
	{
		ID: "head-status", Section: sectionHead, Level: Should, Extension: Core,
		Sentence: "The Server SHOULD acknowledge successful HEAD requests with a 200 OK or 204 No Content status.",
		Tested:   "HEAD of an upload.",
		check:    headStatus,
	},
	{
		ID: "head-no-store", Section: sectionHead, Level: Must, Extension: Core,
		Sentence: "The Server MUST prevent the client and/or proxies from caching the response by adding the Cache-Control: no-store header to the response.",
		Tested:   "Cache-Control in the answer to HEAD of an upload has the directive no-store.",
		check:    headNoStore,
	},
}

func headOffset(c *check) {
	u := c.create(creation{length: 5})
	for _, data := range []string{"", "tus", "ke"} {
		offset := map[string]int64{"tus": 0, "ke": 3}[data]
		if data != "" {
			c.store(u, offset, data)
		}
		if a := c.head(u); !a.has(protocol.HeaderUploadOffset) {
			c.fail("HEAD at offset %d was answered with %d, without Upload-Offset", offset+int64(len(data)), a.status)
		}
	}
}

func headLength(c *check) {
	a := c.head(c.create(creation{length: 5}))
	if !a.ok() {
		c.giveUp("HEAD was answered with %d", a.status)
	}
	value := a.header.Get(protocol.HeaderUploadLength)
	if value == "" {
		c.fail("the answer has no Upload-Length")
	}
	if n, ok := number(value); ok && n != 5 {
		c.fail("Upload-Length is %d, and the upload was created with 5", n)
	}
}

func headNotFound(c *check) {
	a := c.head(c.missingURL())
	if !slices.Contains([]int{http.StatusNotFound, http.StatusGone, http.StatusForbidden}, a.status) {
		c.fail("the server answered with %d", a.status)
	}
	if a.has(protocol.HeaderUploadOffset) {
		c.fail("the answer has an Upload-Offset")
	}
}

func headStatus(c *check) {
	a := c.head(c.create(creation{length: 5}))
	switch {
	case a.status == http.StatusOK, a.status == http.StatusNoContent:
	case a.ok():
		c.fail("the server answered with %d", a.status)
	default:
		c.giveUp("HEAD was answered with %d", a.status)
	}
}

func headNoStore(c *check) {
	a := c.head(c.create(creation{length: 5}))
	if !a.ok() {
		c.giveUp("HEAD was answered with %d", a.status)
	}
	directives := elements(a.header, headerCacheControl)
	if !slices.ContainsFunc(directives, func(d string) bool { return strings.EqualFold(d, "no-store") }) {
		c.fail("Cache-Control is %q", clean(a.header.Get(headerCacheControl)))
	}
}
