package conformance

import (
	"net/http"

	"github.com/tusker-go/tusker/protocol/rufh"
)

// olderRules are requirements that the newest draft does not have any more.
var olderRules = []Rule{
	{
		ID: "retrieval-complete", Section: "-05, section 5", Level: Must, Extension: Core, Since: 3, Until: 9,
		Sentence: "The response MUST include the Upload-Complete header field; the value is set to true only if the upload is complete.",
		Tested:   "HEAD of an upload that is not complete has Upload-Complete: ?0. Version 3 has Upload-Incomplete: ?1.",
		check: resumably(func(c resumable) {
			a := c.head(c.careful(0))
			if c.isSettled() {
				return
			}
			if a.ok() && c.parse(a).Complete != rufh.Incomplete {
				c.fail("the answer has %s", excerpt(a, c.version().HeaderComplete()))
			}
		}),
	},
	{
		ID: "retrieval-length", Section: "-05, section 5", Level: Must, Extension: Core, Since: 6, Until: 9,
		Sentence: "The response MUST include the Upload-Length header field set to the upload's final size if one was recorded during the upload creation (Section 4).",
		Tested:   "HEAD of an upload whose length was declared has that length.",
		check: resumably(func(c resumable) {
			length := 2 * len(c.part())
			a := c.head(c.careful(length))
			if c.isSettled() {
				return
			}
			if n, known := c.parse(a).Length.Int64(); a.ok() && (!known || n != int64(length)) {
				c.fail("the answer has %s, and %d bytes were declared", excerpt(a, rufh.HeaderUploadLength), length)
			}
		}),
	},
	{
		ID: "retrieval-fields", Section: "-05, section 5", Level: Must, Extension: Core, Since: 3, Until: 6,
		Sentence: "The server MUST reject requests with either of these fields by responding with a 400 (Bad Request) status code.",
		Tested:   "HEAD with Upload-Offset is answered with 400.",
		check: resumably(func(c resumable) {
			u := c.careful(0)
			if c.isSettled() {
				return
			}
			a := c.send(request{method: http.MethodHead, url: u, header: []string{rufh.HeaderUploadOffset, "0"}})
			if a.status != http.StatusBadRequest {
				c.fail("HEAD with Upload-Offset was answered with %d", a.status)
			}
		}),
	},
	{
		ID: "response-offset", Section: "-05, section 6", Level: Must, Extension: Core, Since: 3, Until: 6,
		Sentence: "The server MUST send the Upload-Offset header field in the response if it considers the upload active, either when the response is a success (e.g. 201 (Created)), or when the response is a failure (e.g. 409 (Conflict)).",
		Tested:   "The answers to a POST and to a PATCH that do not complete the upload have Upload-Offset.",
		check: resumably(func(c resumable) {
			a := c.post(draft{})
			u := c.createdFrom(a)
			b := c.store(u, false, c.part())
			for _, x := range []answer{a, b} {
				if x.status != 0 && !x.has(rufh.HeaderUploadOffset) {
					c.fail("an answer with %d has no Upload-Offset", x.status)
				}
			}
		}),
	},
	{
		ID: "completed-unmodified", Section: "-11, section 4.4.2", Level: Must, Extension: Core, Since: 6, Until: 8,
		Sentence: "If the upload is already complete (Section 4.1.2), the server MUST NOT modify the upload resource and MUST reject the request.",
		Tested:   "A PATCH with bytes, at the end of an upload that is complete, is refused.",
		check: resumably(func(c resumable) {
			part := c.part()
			u := c.careful(len(part))
			c.store(u, true, part)
			if a := c.append(u, len(part), false, part); a.ok() {
				c.fail("the server answered with %d", a.status)
			}
		}),
	},
	{
		ID: "cancel-status", Section: "-05, section 7", Level: Must, Extension: Core, Since: 3, Until: 7,
		Sentence: "If the server successfully deactivates the upload resource, it MUST respond with a 204 (No Content) status code.",
		Tested:   "DELETE of an upload, if it succeeds.",
		check: resumably(func(c resumable) {
			a := c.remove(c.careful(0))
			switch {
			case c.isSettled():
			case !a.ok():
				c.skip("DELETE was answered with %d", a.status)
			case a.status != http.StatusNoContent:
				c.fail("DELETE was answered with %d", a.status)
			}
		}),
	},
	{
		ID: "gone-status", Section: "-05, section 6", Level: Must, Extension: Core, Since: 3, Until: 6,
		Sentence: "If the server does not consider the upload associated with the upload resource active, it MUST respond with a 404 (Not Found) status code.",
		Tested:   "HEAD and PATCH of an upload after a successful DELETE.",
		check: resumably(func(c resumable) {
			u := c.careful(0)
			if a := c.remove(u); !a.ok() {
				c.skip("DELETE was answered with %d", a.status)
			}
			for _, a := range []answer{c.head(u), c.append(u, 0, false, c.part())} {
				if a.status != http.StatusNotFound {
					c.fail("the server answered with %d after DELETE", a.status)
				}
			}
		}),
	},
}
