package conformance

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

var appendRules = []Rule{
	{
		ID: "append-stores-received", Section: draft13("4.4.2"), Level: Should, Extension: Core, Since: 6,
		Sentence: "In this case, the server SHOULD append as much of the patch document as possible to the upload resource, starting at its beginning and without discontinuities.",
		Tested:   "A PATCH is cut in its body. HEAD has an offset above 0.",
		check: resumably(func(c resumable) {
			u := c.cutAppend()
			c.poll(func() bool {
				n, _ := c.state(u)
				return n > 0
			})
			if n, _ := c.state(u); n == 0 {
				c.fail("the offset is 0 after a PATCH that was cut")
			}
		}),
	},
	{
		ID: "append-cut-incomplete", Section: draft13("4.4.2"), Level: MustNot, Extension: Core, Since: 6,
		Sentence: "In addition, the upload resource MUST NOT be considered complete then.",
		Tested:   "A PATCH with Upload-Complete: ?1 is cut in its body. HEAD does not say that the upload is complete.",
		check: resumably(func(c resumable) {
			c.expectIncomplete(c.cutAppend())
		}),
	},
	{
		ID: "offset-mismatch", Section: draft13("4.4.2"), Level: Must, Extension: Core, Since: 3,
		Sentence: "If the Upload-Offset request header field value does not match the current offset (Section 4.1.1), the server MUST reject the request with a 409 (Conflict) status code and the Upload-Complete header field set to false.",
		Tested:   "A PATCH below the offset and one above it get 409, since version 7 with Upload-Complete: ?0, and store nothing.",
		check:    resumably(offsetMismatch),
	},
	{
		ID: "offset-mismatch-offset", Section: draft13("4.4.2"), Level: Must, Extension: Core, Since: 3,
		Sentence: "The response MUST include the correct offset in the Upload-Offset header field.",
		Tested:   "The 409 to a PATCH above the offset has Upload-Offset.",
		check: resumably(func(c resumable) {
			part := c.part()
			a := c.append(c.careful(0), len(part), false, part)
			if a.status != http.StatusConflict {
				c.giveUp("a PATCH at a wrong offset was answered with %d", a.status)
			}
			if n, known := c.parse(a).Offset.Int64(); !known || n != 0 {
				c.fail("the server answered with %d and %s, and the offset is 0", a.status, excerpt(a, rufh.HeaderUploadOffset))
			}
		}),
	},
	{
		ID: "append-length", Section: draft13("4.4.2"), Level: Must, Extension: Core, Since: 7,
		Sentence: "The server MUST record the representation's length according to Section 4.1.3 if the Upload-Length or Upload-Complete header fields are included in the request.",
		Tested:   "After an empty PATCH with Upload-Length, HEAD has that length or none, and a longer content is not accepted.",
		check: resumably(func(c resumable) {
			length := 2 * len(c.part())
			u := c.careful(0)
			if a := c.append(u, 0, false, nil, rufh.HeaderUploadLength, strconv.Itoa(length)); !a.ok() {
				c.giveUp("a PATCH with Upload-Length was answered with %d", a.status)
			}
			c.expectLength(u, length)
		}),
	},
	{
		ID: "length-exceeded", Section: draft13("4.4.2"), Level: Must, Extension: Core, Since: 7,
		Sentence: "If the representation's length is known, the server MUST prevent the offset from exceeding the representation's length by rejecting the request once the offset exceeds the length, marking the upload resource invalid and rejecting any further interaction with it.",
		Tested:   "A PATCH without Content-Length whose content exceeds the length is refused, and HEAD finds no upload then.",
		check:    resumably(lengthExceeded),
	},
	{
		ID: "append-progress", Section: draft13("4.4.2"), Level: Should, Extension: Interim, Since: 8,
		Sentence: "While the request content is being processed, the server SHOULD send interim responses with a 104 (Upload Resumption Supported) status code and the Upload-Offset header field set to the current offset to inform the client about the upload progress.",
		Tested:   "A PATCH waits in its body for up to 3 s, and gets a 104 with Upload-Offset.",
		check: resumably(func(c resumable) {
			for _, i := range c.slowAppend() {
				if _, known := c.version().ParseResponse(i.status, i.header).Offset.Int64(); known {
					return
				}
			}
			c.fail("no 104 has Upload-Offset")
		}),
	},
	{
		ID: "append-progress-location", Section: draft13("4.4.2"), Level: MustNot, Extension: Interim, Since: 3,
		Sentence: "These interim responses MUST NOT include the Location header field.",
		Tested:   "Each 104 to a PATCH that waits in its body has no Location.",
		check: resumably(func(c resumable) {
			all := c.slowAppend()
			for _, i := range all {
				if i.location() != "" {
					c.fail("a 104 has Location: %s", clean(i.location()))
				}
			}
			if len(all) == 0 {
				c.skip("a PATCH gets no 104")
			}
		}),
	},
}

// cutAppend cuts a PATCH that completes a new upload in its body, and returns the URL.
func (c resumable) cutAppend() *url.URL {
	body := c.content(2, largeUnit)
	u := c.careful(0)
	if c.isSettled() {
		return nil
	}
	r := c.appendRequest(u, 0, true, body)
	r.cut = len(body) / 2
	c.send(r)
	return u
}

// slowAppend sends a PATCH that waits for a 104 with an offset, and returns the 104s.
func (c resumable) slowAppend() []interim {
	body := c.content(2, largeUnit)
	u := c.careful(0)
	if c.isSettled() {
		return nil
	}
	r := c.appendRequest(u, 0, false, body)
	r.held = newHeld(len(body)/2, func(i interim) bool {
		return i.isResumption() && i.header.Get(rufh.HeaderUploadOffset) != ""
	})
	a := c.send(r)
	if !c.isSettled() && !a.ok() {
		c.giveUp("PATCH was answered with %d%s", a.status, a.firstLine())
	}
	return announcements(a)
}

func offsetMismatch(c resumable) {
	part := c.part()
	u := c.careful(0)
	c.store(u, false, part)
	for _, offset := range []int{0, 2 * len(part)} {
		a := c.append(u, offset, false, part)
		if c.isSettled() {
			return
		}
		if a.status != http.StatusConflict {
			c.fail("a PATCH at %d was answered with %d, and the offset is %d", offset, a.status, len(part))
		}
		if c.version() >= 7 && c.parse(a).Complete != rufh.Incomplete {
			c.fail("the 409 has %s", excerpt(a, rufh.HeaderUploadComplete))
		}
	}
	if n, _ := c.state(u); n != len(part) {
		c.fail("the offset is %d after PATCHes at wrong offsets, and was %d", n, len(part))
	}
}

func lengthExceeded(c resumable) {
	length := len(c.part())
	u := c.careful(length)
	r := c.appendRequest(u, 0, false, make([]byte, length+smallUnit))
	r.chunked = true
	if c.isSettled() {
		return
	}
	if a := c.send(r); a.ok() {
		c.fail("%d bytes were accepted, and the length is %d", length+smallUnit, length)
	}
	if a := c.head(u); a.ok() {
		c.fail("HEAD was answered with %d after a content beyond the length", a.status)
	}
}

var appendEndRules = []Rule{
	{
		ID: "final-response", Section: draft13("4.4.2"), Level: Should, Extension: Core, Since: 7,
		Sentence: "If the request content was fully processed, the upload is marked as complete and the server SHOULD generate the response that matches what the resource, that was targeted by the initial upload creation (Section 4.2), would have generated if it had processed the entire representation in the initial request.",
		Tested:   "The answer to a PATCH that completes an upload has the status of the answer to a POST with all bytes.",
		check: resumably(func(c resumable) {
			part := c.part()
			once := c.post(draft{complete: true, body: part})
			a := c.append(c.careful(0), 0, true, part)
			if c.isSettled() {
				return
			}
			if a.status != once.status {
				c.fail("the PATCH was answered with %d, and the POST with %d", a.status, once.status)
			}
		}),
	},
	{
		ID: "final-complete", Section: draft13("4.4.2"), Level: Must, Extension: Core, Since: 7,
		Sentence: "However, the response MUST include the Upload-Complete header field with a true value, allowing clients to identify whether a response, in particular error responses, is related to the resumable upload itself or the processing of the uploaded representation.",
		Tested:   "The answers to a PATCH with the last bytes and to an empty PATCH that completes an upload have Upload-Complete: ?1.",
		check: resumably(func(c resumable) {
			part := c.part()
			for i := range 2 {
				u := c.careful(0)
				if i > 0 {
					c.store(u, false, part)
				}
				a := c.append(u, i*len(part), true, part[i*len(part):])
				if c.isSettled() {
					return
				}
				if !c.isComplete(a) {
					c.fail("the server answered with %d and %s", a.status, excerpt(a, rufh.HeaderUploadComplete))
				}
			}
		}),
	},
	{
		ID: "final-success-complete", Section: draft13("4.4.2"), Level: MustNot, Extension: Core, Since: 10,
		Sentence: "The server MUST NOT emit a 2xx successful response with the Upload-Complete header field set to false or missing in response to a request with the Upload-Complete request header field set to true.",
		Tested:   "A PATCH with Upload-Complete: ?1, whose content ends before the length, gets an error, or an answer with ?1.",
		check: resumably(func(c resumable) {
			part := c.part()
			u := c.create(draft{length: protocol.Known(int64(2 * len(part)))})
			if a := c.append(u, 0, true, part); a.ok() && !c.isComplete(a) {
				c.fail("the server answered with %d and %s", a.status, excerpt(a, rufh.HeaderUploadComplete))
			}
		}),
	},
	{
		ID: "append-complete", Section: draft13("4.4.2"), Level: Should, Extension: Core, Since: 7,
		Sentence: "The server SHOULD include the Upload-Complete (Section 4.1.2) header field in the response to indicate whether it is the result of processing the uploaded representation.",
		Tested:   "The answer to a PATCH with Upload-Complete: ?0 has Upload-Complete: ?0.",
		check: resumably(func(c resumable) {
			a := c.store(c.careful(0), false, c.part())
			if c.parse(a).Complete != rufh.Incomplete {
				c.fail("the answer has %s", excerpt(a, rufh.HeaderUploadComplete))
			}
		}),
	},
	{
		ID: "append-redirect", Section: draft13("4.4.2"), Level: ShouldNot, Extension: Core, Since: 7,
		Sentence: "The server SHOULD NOT generate a response with the 301 (Moved Permanently), 302 (Found), or 303 (See Other) status codes and the Upload-Complete: ?0 header field because clients might follow the redirect without preserving the PATCH method.",
		Tested:   "The answer to a PATCH with Upload-Complete: ?0.",
		check: resumably(func(c resumable) {
			c.expectNoRedirect(c.append(c.careful(0), 0, false, c.part()))
		}),
	},
}

var problemRules = []Rule{
	{
		ID: "problem-offsets", Section: draft13("7.1"), Level: Should, Extension: Core, Since: 6,
		Sentence: "A response using this problem type SHOULD populate both members, with the value of expected-offset taken from the upload resource and the value of provided-offset taken from the upload append request.",
		Tested:   "If a PATCH above the offset gets an error with this problem type, the content has both offsets.",
		check: resumably(func(c resumable) {
			part := c.part()
			a := c.append(c.careful(0), len(part), false, part)
			if c.isSettled() {
				return
			}
			problem, err := rufh.ParseProblem(a.header.Get(protocol.HeaderContentType), a.body)
			if err != nil || problem.Type != rufh.ProblemMismatchingOffset {
				c.skip("the answer with %d has no such problem type", a.status)
			}
			if problem.Expected != protocol.Known(0) || problem.Provided != protocol.Known(int64(len(part))) {
				c.fail("expected-offset is %q and provided-offset is %q, want 0 and %d", problem.Expected, problem.Provided, len(part))
			}
		}),
	},
}
