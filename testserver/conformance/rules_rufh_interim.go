package conformance

import (
	"net/http"

	"github.com/tusker-go/tusker/protocol/rufh"
)

// sectionVersions is appendix B of the newest draft.
const sectionVersions = "-13, appendix B"

// unsupportedInterop is an interop version that servers do not support.
const unsupportedInterop = "99"

var continueRules = []Rule{
	{
		ID: "continue-kept", Section: draft13("5"), Level: MustNot, Extension: Interim, Since: 8,
		Sentence: "However, the server MUST NOT omit the 100 (Continue) response because it has sent an interim response with the 104 (Upload Resumption Supported) status code.",
		Tested:   "A POST with Expect: 100-continue that gets a 104 also gets a 100, within 3 s.",
		check:    resumably(continueKept),
	},
}

var versionRules = []Rule{
	{
		ID: "version-mismatch", Section: sectionVersions, Level: MustNot, Extension: Interim, Since: 3,
		Sentence: "Server implementations of draft versions of the protocol MUST NOT send a 104 (Upload Resumption Supported) interim response when the interop version indicated by the Upload-Draft-Interop-Version header field in the request is missing or mismatching.",
		Tested:   "A POST without the header and one with the version 99 get no 104.",
		check: resumably(func(c resumable) {
			for _, version := range []string{noVersion, unsupportedInterop} {
				r := c.creation(draft{complete: true, body: c.part()})
				if c.isSettled() {
					return
				}
				r.version = version
				if a := c.send(r); len(announcements(a)) > 0 {
					c.fail("a POST with the version %s got a 104", version)
				}
			}
		}),
	},
	{
		ID: "version-declared", Section: sectionVersions, Level: Must, Extension: Interim, Since: 3,
		Sentence: "Server implementations of draft versions of the protocol MUST also send a header field Upload-Draft-Interop-Version with the interop version as its value to the 104 (Upload Resumption Supported) interim response.",
		Tested:   "Each 104 to a POST and to a PATCH that waits in its body has the version of the request.",
		check: resumably(func(c resumable) {
			all := append(announcements(c.post(draft{body: c.part()})), c.slowAppend()...)
			for _, i := range all {
				if rufh.ParseVersion(i.header) != c.version() {
					c.fail("a 104 has %s", excerpt(answer{header: i.header}, rufh.HeaderInteropVersion))
				}
			}
			if len(all) == 0 {
				c.skip("the server sends no 104")
			}
		}),
	},
}

func continueKept(c resumable) {
	body := c.part()
	if c.isSettled() {
		return
	}
	r := c.creation(draft{body: body, header: []string{"Expect", "100-continue"}})
	r.held = newHeld(0, func(i interim) bool { return i.status == http.StatusContinue })
	a := c.send(r)
	if len(announcements(a)) == 0 {
		c.skip("the server sends no 104")
	}
	for _, i := range a.interim {
		if i.status == http.StatusContinue {
			return
		}
	}
	c.fail("a POST with Expect: 100-continue got a 104, and no 100")
}

// sectionBackground is not a section of a draft.
const sectionBackground = "background uploads on Apple's systems"

var backgroundRules = []Rule{
	{
		ID: "background-options", Section: sectionBackground, Level: Should, Extension: AppleBackground, Since: 3,
		Sentence: "The answer to OPTIONS SHOULD have Upload-Limit, because background uploads on Apple's systems do not use other servers.",
		Tested:   "The answer to OPTIONS of the endpoint has Upload-Limit.",
		check: resumably(func(c resumable) {
			if a := c.announcement; !a.ok() || !a.has(rufh.HeaderUploadLimit) {
				c.fail("OPTIONS was answered with %d and %s", a.status, excerpt(a, rufh.HeaderUploadLimit))
			}
			c.log = append(c.log, c.announced...)
		}),
	},
	{
		ID: "background-announcement", Section: sectionBackground, Level: Should, Extension: AppleBackground, Since: 3,
		Sentence: "A POST with all bytes SHOULD get a 104 before the final answer, because background uploads on Apple's systems do not use other servers.",
		Tested:   "A POST with all bytes, which waits in its body for up to 3 s, gets a 104 with a Location while it waits.",
		check:    resumably(backgroundAnnouncement),
	},
}

func backgroundAnnouncement(c resumable) {
	body := c.content(2, largeUnit)
	if c.isSettled() {
		return
	}
	r := c.creation(draft{complete: true, body: body})
	r.held = newHeld(len(body)/2, func(i interim) bool { return i.isResumption() && i.location() != "" })
	a := c.send(r)
	if c.isSettled() {
		return
	}
	switch late := len(announcements(a)) > 0; {
	case late && !r.held.isReleased():
		c.fail("the 104 came after the content")
	case !late:
		c.fail("a POST was answered with %d, without a 104 before", a.status)
	}
}
