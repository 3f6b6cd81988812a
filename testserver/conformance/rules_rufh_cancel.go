package conformance

import "net/http"

var cancelRules = []Rule{
	{
		ID: "cancel-deactivates", Section: draft13("4.5.2"), Level: Should, Extension: Core, Since: 7,
		Sentence: "Upon receiving a DELETE request, the server SHOULD deactivate the upload resource.",
		Tested:   "DELETE succeeds, and HEAD finds no upload after it.",
		check: resumably(func(c resumable) {
			u := c.careful(0)
			switch a := c.remove(u); {
			case a.redirect != "":
				c.giveUp("DELETE was answered with %d, which another rule judges", a.status)
			case !a.ok():
				c.fail("DELETE was answered with %d", a.status)
			}
			if a := c.head(u); a.ok() {
				c.fail("HEAD was answered with %d after DELETE", a.status)
			}
		}),
	},
	{
		ID: "cancel-ends-requests", Section: draft13("4.5.2"), Level: Should, Extension: Core, Since: 8,
		Sentence: "The server SHOULD terminate any in-flight requests to the upload resource before sending the response by abruptly terminating their HTTP connection(s) or stream(s) as described in Section 4.6.",
		Tested:   "DELETE succeeds while a PATCH waits in its body, and ends the PATCH.",
		check: resumably(func(c resumable) {
			body := c.content(2, largeUnit)
			u := c.careful(0)
			f := c.startAppend(u, body)
			a := c.remove(u)
			c.expectEnd(f, a, "DELETE")
		}),
	},
	{
		ID: "cancel-redirect", Section: draft13("4.5.2"), Level: ShouldNot, Extension: Core, Since: 7,
		Sentence: "The server SHOULD NOT generate a response with the 301 (Moved Permanently), 302 (Found), or 303 (See Other) status codes because clients might follow the redirect without preserving the DELETE method.",
		Tested:   "The answer to DELETE of an upload.",
		check: resumably(func(c resumable) {
			c.expectNoRedirect(c.remove(c.careful(0)))
		}),
	},
}

var concurrencyRules = []Rule{
	{
		ID: "concurrent-appends", Section: draft13("4.6"), Level: Must, Extension: Core, Since: 8,
		Sentence: "Therefore, the server MUST take measures to prevent race conditions, data loss and corruption from concurrent requests to append representation data (Section 4.4) and/or cancellation (Section 4.5) to the same upload resource.",
		Tested:   "While a PATCH waits in its body, a second PATCH starts at the same offset. At most one of them succeeds, and the offset is the end of its content.",
		check:    resumably(concurrentAppends),
	},
	{
		ID: "offset-usable", Section: draft13("4.6"), Level: MustNot, Extension: Core, Since: 8,
		Sentence: "In addition, the server MUST NOT send outdated information in responses. This means that the offset communicated through final responses as defined in Section 4.1.1 MUST be accepted in a subsequent request to append representation data if no other request to append representation data or cancel was received in the meantime.",
		Tested:   "While a PATCH waits in its body, HEAD has an offset. A second PATCH at this offset succeeds.",
		check: resumably(func(c resumable) {
			body := c.content(2, largeUnit)
			u := c.careful(0)
			f := c.startAppend(u, body)
			n, _ := c.state(u)
			a := c.append(u, n, false, body)
			if a.status != 0 && !a.ok() {
				c.fail("a PATCH at the offset %d of HEAD was answered with %d", n, a.status)
			}
			c.land(f)
		}),
	},
	{
		ID: "retrieval-ends-append", Section: draft13("4.6"), Level: Should, Extension: Core, Since: 8,
		Sentence: "The RECOMMENDED approach is as follows: If a server receives a new request to retrieve the offset (Section 4.3), append representation data (Section 4.4), or cancel the upload (Section 4.5) while a previous request for creating the upload (Section 4.2) or appending representation data (Section 4.4) to the same upload resource is still ongoing, the server SHOULD prevent race conditions, data loss, and corruption by terminating the previous request before processing the new request.",
		Tested:   "HEAD succeeds while a PATCH waits in its body, and ends the PATCH.",
		check: resumably(func(c resumable) {
			body := c.content(2, largeUnit)
			u := c.careful(0)
			f := c.startAppend(u, body)
			a := c.head(u)
			c.expectEnd(f, a, http.MethodHead)
		}),
	},
}
