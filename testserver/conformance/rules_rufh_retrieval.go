package conformance

import (
	"slices"
	"strings"

	"github.com/tusker-go/tusker/protocol/rufh"
)

var retrievalRules = []Rule{
	{
		ID: "retrieval-offset", Section: draft13("4.3.2"), Level: Must, Extension: Core, Since: 3,
		Sentence: "A successful response to a HEAD or GET request against an upload resource […] MUST include the offset in the Upload-Offset header field (Section 4.1.1),",
		Tested:   "HEAD of an upload without bytes has Upload-Offset 0, and HEAD of one with some bytes has their number.",
		check: resumably(func(c resumable) {
			part := c.part()
			u := c.careful(0)
			for _, want := range []int{0, len(part)} {
				if want > 0 {
					c.store(u, false, part)
				}
				a := c.head(u)
				if c.isSettled() {
					return
				}
				if !a.ok() {
					c.giveUp("HEAD was answered with %d", a.status)
				}
				if n, known := c.parse(a).Offset.Int64(); !known || n != int64(want) {
					c.fail("HEAD at offset %d was answered with %d and %s", want, a.status, excerpt(a, rufh.HeaderUploadOffset))
				}
			}
		}),
	},
	{
		ID: "retrieval-limit", Section: draft13("4.3.2"), Level: Must, Extension: Core, Since: 8,
		Sentence: "A successful response to a HEAD or GET request against an upload resource […] MUST indicate the limits in the Upload-Limit header field (Section 4.1.4),",
		Tested:   "HEAD of an upload without bytes and of one with some bytes have Upload-Limit.",
		check: resumably(func(c resumable) {
			part := c.part()
			u := c.careful(0)
			for i := range 2 {
				if i > 0 {
					c.store(u, false, part)
				}
				a := c.head(u)
				if c.isSettled() {
					return
				}
				if !a.ok() {
					c.giveUp("HEAD was answered with %d", a.status)
				}
				if _, sent := a.header[rufh.HeaderUploadLimit]; !sent {
					c.fail("the answer has no Upload-Limit")
				}
			}
		}),
	},
	{
		ID: "retrieval-no-store", Section: draft13("4.3.2"), Level: Should, Extension: Core, Since: 3,
		Sentence: "A successful response to a HEAD or GET request against an upload resource […] SHOULD include the Cache-Control header field with the value no-store to prevent HTTP caching ([CACHING]).",
		Tested:   "Cache-Control in the answer to HEAD of an upload has the directive no-store.",
		check: resumably(func(c resumable) {
			a := c.head(c.careful(0))
			if !a.ok() {
				c.giveUp("HEAD was answered with %d", a.status)
			}
			directives := elements(a.header, headerCacheControl)
			if !slices.ContainsFunc(directives, func(d string) bool { return strings.EqualFold(d, "no-store") }) {
				c.fail("Cache-Control is %q", clean(a.header.Get(headerCacheControl)))
			}
		}),
	},
	{
		ID: "retrieval-redirect", Section: draft13("4.3.2"), Level: ShouldNot, Extension: Core, Since: 7,
		Sentence: "The server SHOULD NOT generate a response with the 301 (Moved Permanently), 302 (Found), or 303 (See Other) status codes because clients might follow the redirect without preserving the HEAD method.",
		Tested:   "The answer to HEAD of an upload.",
		check: resumably(func(c resumable) {
			c.expectNoRedirect(c.head(c.careful(0)))
		}),
	},
}
