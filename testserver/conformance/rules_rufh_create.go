package conformance

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

var createRules = []Rule{
	{
		ID: "creation-announced", Section: draft13("4.2.2"), Level: Should, Extension: Interim, Since: 3,
		Sentence: "If so, the server SHOULD announce the upload resource by sending an interim response with the 104 (Upload Resumption Supported) status code unless the server is not capable of sending interim responses.",
		Tested:   "A POST with some of the bytes and one with all bytes get a 104.",
		check: resumably(func(c resumable) {
			for _, complete := range []bool{false, true} {
				if a := c.post(draft{complete: complete, body: c.part()}); !c.isSettled() && len(announcements(a)) == 0 {
					c.fail("a POST was answered with %d, without a 104 before", a.status)
				}
			}
		}),
	},
	{
		ID: "announcement-location", Section: draft13("4.2.2"), Level: Must, Extension: Interim, Since: 3,
		Sentence: "When sent, it MUST include Location header field pointing to the upload resource […]",
		Tested:   "The first 104 to a POST has a Location, and HEAD finds the upload there.",
		check:    resumably(announcementLocation),
	},
	{
		ID: "announcement-limit", Section: draft13("4.2.2"), Level: Must, Extension: Interim, Since: 8,
		Sentence: "[…] and MUST include the Upload-Limit header field with the corresponding limits (Section 4.1.4) if existing.",
		Tested:   "The first 104 to a POST has Upload-Limit, if the answer to HEAD has limits.",
		check: resumably(func(c resumable) {
			a := c.post(draft{})
			if !c.isSettled() && len(announcements(a)) == 0 {
				c.skip("the server sends no 104")
			}
			if u := c.createdFrom(a); c.hasLimits(u) && announcements(a)[0].header.Get(rufh.HeaderUploadLimit) == "" {
				c.fail("the 104 has no Upload-Limit")
			}
		}),
	},
	{
		ID: "creation-success-complete", Section: draft13("4.2.2"), Level: MustNot, Extension: Core, Since: 10,
		Sentence: "The server MUST NOT emit a 2xx successful response with the Upload-Complete header field set to false or missing in response to a request with the Upload-Complete request header field set to true.",
		Tested:   "A successful answer to a POST with all bytes has Upload-Complete: ?1.",
		check: resumably(func(c resumable) {
			if a := c.post(draft{complete: true, body: c.part()}); a.ok() && !c.isComplete(a) {
				c.fail("the server answered with %d and %s", a.status, excerpt(a, rufh.HeaderUploadComplete))
			}
		}),
	},
	{
		ID: "creation-location", Section: draft13("4.2.2"), Level: Must, Extension: Core, Since: 3,
		Sentence: "If the request content was fully processed, the server MUST include the Location response header field pointing to the upload resource […]",
		Tested:   "The answers to a POST without bytes and to one with some of them have a Location, and HEAD finds the upload there.",
		check: resumably(func(c resumable) {
			for _, body := range [][]byte{nil, c.part()} {
				a := c.post(draft{body: body})
				if a.ok() && c.location(a) == nil {
					c.fail("the server answered with %d, without a valid Location", a.status)
				}
				c.createdFrom(a)
				c.expectUpload(c.location(a))
			}
		}),
	},
	{
		ID: "creation-limit", Section: draft13("4.2.2"), Level: Must, Extension: Core, Since: 8,
		Sentence: "[…] and MUST include the Upload-Limit header field with the corresponding limits if existing.",
		Tested:   "The answer to a POST without bytes has Upload-Limit, if the answer to HEAD has limits.",
		check: resumably(func(c resumable) {
			a := c.post(draft{})
			if u := c.createdFrom(a); c.hasLimits(u) && !a.has(rufh.HeaderUploadLimit) {
				c.fail("the answer has no Upload-Limit")
			}
		}),
	},
	{
		ID: "creation-status", Section: draft13("4.2.2"), Level: Should, Extension: Core, Since: 3,
		Sentence: "Servers are RECOMMENDED to use the 201 (Created) status code.",
		Tested:   "POST without bytes.",
		check: resumably(func(c resumable) {
			a := c.post(draft{})
			c.createdFrom(a)
			if a.status != http.StatusCreated {
				c.fail("the server answered with %d", a.status)
			}
		}),
	},
	{
		ID: "creation-length", Section: draft13("4.2.2"), Level: Must, Extension: Core, Since: 6,
		Sentence: "The server MUST record the representation's length according to Section 4.1.3 if the Upload-Length or Upload-Complete: ?1 header fields are included in the request.",
		Tested:   "After a POST with Upload-Length, HEAD has that length or none, and a longer content is not accepted.",
		check: resumably(func(c resumable) {
			part := c.part()
			u := c.careful(2 * len(part))
			c.expectLength(u, 2*len(part))
		}),
	},
	{
		ID: "location-identical", Section: draft13("4.2.2"), Level: Must, Extension: Core, Since: 8,
		Sentence: "Where a response requires a Location header field to be included, all interim and final response messages for the same request MUST contain an identical Location value.",
		Tested:   "The Location of each 104 to a POST with some of the bytes, if it is sent, is that of the final answer.",
		check: resumably(func(c resumable) {
			a := c.post(draft{body: c.part()})
			c.createdFrom(a)
			for _, i := range announcements(a) {
				if at := i.location(); at != "" && at != a.header.Get(protocol.HeaderLocation) {
					c.fail("the 104 has Location: %s, and the answer %s", clean(at), excerpt(a, protocol.HeaderLocation))
				}
			}
		}),
	},
	{
		ID: "creation-complete", Section: draft13("4.2.2"), Level: Should, Extension: Core, Since: 7,
		Sentence: "The server SHOULD include the Upload-Complete (Section 4.1.2) header field in the response to indicate whether it is the result of processing the uploaded representation.",
		Tested:   "The answer to a POST without bytes has Upload-Complete: ?0.",
		check: resumably(func(c resumable) {
			a := c.post(draft{})
			c.createdFrom(a)
			if c.parse(a).Complete != rufh.Incomplete {
				c.fail("the answer has %s", excerpt(a, rufh.HeaderUploadComplete))
			}
		}),
	},
	{
		ID: "creation-redirect", Section: draft13("4.2.2"), Level: ShouldNot, Extension: Core, Since: 7,
		Sentence: "The server SHOULD NOT generate a response with the 301 (Moved Permanently), 302 (Found), or 303 (See Other) status codes and the Upload-Complete: ?0 header field because clients might follow the redirect without preserving the original method.",
		Tested:   "The answers to a POST without bytes and to one with some of them.",
		check: resumably(func(c resumable) {
			for _, body := range [][]byte{nil, c.part()} {
				c.expectNoRedirect(c.post(draft{body: body}))
			}
		}),
	},
	{
		ID: "creation-stores-received", Section: draft13("4.2.2"), Level: Should, Extension: Core, Since: 6,
		Sentence: "In this case, the server SHOULD append as much of the request content as possible to the upload resource, allowing the client to resume the upload from where it was interrupted.",
		Tested:   "A POST is cut in its body. HEAD of the Location of its 104 has an offset above 0.",
		check: resumably(func(c resumable) {
			u := c.cutCreation()
			c.poll(func() bool {
				n, _ := c.state(u)
				return n > 0
			})
			if n, _ := c.state(u); n == 0 {
				c.fail("the offset is 0 after a POST that was cut")
			}
		}),
	},
	{
		ID: "creation-cut-incomplete", Section: draft13("4.2.2"), Level: MustNot, Extension: Core, Since: 6,
		Sentence: "In addition, the upload resource MUST NOT be considered complete then.",
		Tested:   "A POST with Upload-Complete: ?1 is cut in its body. HEAD of the Location of its 104 does not say that the upload is complete.",
		check: resumably(func(c resumable) {
			c.expectIncomplete(c.cutCreation())
		}),
	},
}

// expectUpload fails the rule if HEAD finds no upload at u.
func (c resumable) expectUpload(u *url.URL) {
	if a := c.head(u); !c.isSettled() && isGone(a) {
		c.fail("HEAD of the Location was answered with %d", a.status)
	}
}

// expectNoRedirect fails the rule if a is a redirect that changes the method of a request.
func (c resumable) expectNoRedirect(a answer) {
	if a.redirect != "" && !slices.Contains([]int{http.StatusTemporaryRedirect, http.StatusPermanentRedirect}, a.status) && !c.isComplete(a) {
		c.fail("the server redirects to %s", clean(a.redirect))
	}
}

// hasLimits reports whether HEAD has limits. It settles the rule if not.
func (c resumable) hasLimits(u *url.URL) bool {
	a := c.head(u)
	if c.isSettled() {
		return false
	}
	if l := c.parse(a).Limits; l == nil || *l == (protocol.Limits{}) {
		c.skip("the answer to HEAD has no limits")
		return false
	}
	return true
}

// expectLength checks that the upload at u, which has no bytes, has this length.
func (c resumable) expectLength(u *url.URL, length int) {
	_, r := c.state(u)
	if n, known := r.Length.Int64(); known && n != int64(length) {
		c.fail("Upload-Length in the answer to HEAD is %d, and %d was declared", n, length)
	}
	long := c.appendRequest(u, 0, false, make([]byte, length+smallUnit))
	if !c.isSettled() {
		if a := c.send(long); a.ok() {
			c.fail("%d bytes were accepted, and the length is %d", length+smallUnit, length)
		}
	}
}

func announcementLocation(c resumable) {
	for _, body := range [][]byte{nil, c.part()} {
		a := c.post(draft{body: body})
		if c.isSettled() {
			return
		}
		all := announcements(a)
		if len(all) == 0 {
			c.skip("the server sends no 104")
			return
		}
		u := c.location(answer{header: all[0].header})
		if u == nil {
			c.fail("the first 104 has no valid Location")
		}
		c.expectUpload(u)
	}
}

// cutCreation cuts a creation in its body, and returns the URL in its 104. nil: the rule has
// a verdict.
func (c resumable) cutCreation() *url.URL {
	body := c.content(2, largeUnit)
	if c.isSettled() {
		return nil
	}
	r := c.creation(draft{complete: true, body: body})
	r.cut = len(body) / 2
	a := c.send(r)
	if c.isSettled() {
		return nil
	}
	u := c.resource(a)
	if u == nil {
		c.skip("no 104 has the URL of the upload")
	}
	return u
}

// expectIncomplete fails the rule if HEAD says that the upload is complete, now or soon.
func (c resumable) expectIncomplete(u *url.URL) {
	for range 2 {
		a := c.head(u)
		if c.isSettled() {
			return
		}
		if c.isComplete(a) {
			c.fail("HEAD says that the upload is complete")
			return
		}
		if err := pause(c.ctx, pollInterval); err != nil {
			c.giveUp("%v", c.stop(err))
		}
	}
}
