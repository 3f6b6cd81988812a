package conformance

import (
	"fmt"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

var limitRules = []Rule{
	{
		ID: "limit-type", Section: draft13("4.1.4"), Level: Must, Extension: LimitsAnnounced, Since: 6,
		Sentence: "Its value is a Dictionary (Section 3.2 of [STRUCTURED-FIELDS]). Other values MUST cause the entire header field to be ignored.",
		Tested:   "Upload-Limit in the answers to OPTIONS, POST and HEAD, if it is sent, is a Dictionary, and its known members are Integers.",
		check: resumably(func(c resumable) {
			for _, a := range c.announcers() {
				if c.isVoid(a, rufh.HeaderUploadLimit) {
					c.fail("Upload-Limit is %q", clean(a.header.Get(rufh.HeaderUploadLimit)))
				}
			}
		}),
	},
	{
		ID: "limit-appears", Section: draft13("4.1.4"), Level: ShouldNot, Extension: LimitsAnnounced, Since: 8,
		Sentence: "Throughout the lifetime of the upload resource, these limits SHOULD NOT change in a way that causes failures for clients adhering to the initially discovered limits.",
		Tested:   "HEAD has no limit that the answer to POST lacks.",
		check: resumably(func(c resumable) {
			before, after := c.limitsOfUpload()
			for i, b := range before {
				if a := after[i]; b.n == 0 && a.n > 0 {
					c.fail("%s is new", a)
				}
			}
		}),
	},
	{
		ID: "limit-max-decreases", Section: draft13("4.1.4"), Level: ShouldNot, Extension: LimitsAnnounced, Since: 8,
		Sentence: "max-size and max-append-size SHOULD NOT decrease.",
		Tested:   "HEAD has the same max-size and max-append-size as the answer to POST, or higher ones.",
		check: resumably(func(c resumable) {
			before, after := c.limitsOfUpload()
			for i, b := range before {
				if a := after[i]; b.isMax && a.n > 0 && a.n < b.n {
					c.fail("%s was %d", a, b.n)
				}
			}
		}),
	},
	{
		ID: "limit-min-increases", Section: draft13("4.1.4"), Level: ShouldNot, Extension: LimitsAnnounced, Since: 8,
		Sentence: "min-size and min-append-size SHOULD NOT increase.",
		Tested:   "HEAD has the same min-size and min-append-size as the answer to POST, or lower ones.",
		check: resumably(func(c resumable) {
			before, after := c.limitsOfUpload()
			for i, b := range before {
				if a := after[i]; !b.isMax && b.n > 0 && a.n > b.n {
					c.fail("%s was %d", a, b.n)
				}
			}
		}),
	},
	{
		ID: "limit-age-decreases", Section: draft13("4.1.4"), Level: ShouldNot, Extension: LimitsAnnounced, Since: 8,
		Sentence: "Between subsequent responses, the end of the upload resource's lifetime as implied by max-age SHOULD NOT decrease.",
		Tested:   "max-age in the answer to HEAD is at most 10 s lower than in that to POST.",
		check: resumably(func(c resumable) {
			first := c.post(draft{})
			second := c.head(c.createdFrom(first))
			before, after := c.parse(first).Limits, c.parse(second).Limits
			switch {
			case c.isSettled():
			case before == nil || before.MaxAge == 0 || after == nil || after.MaxAge == 0:
				c.skip("max-age is not sent")
			case after.MaxAge < before.MaxAge-clockTolerance:
				c.fail("max-age was %v, and is %v", before.MaxAge, after.MaxAge)
			}
		}),
	},
	{
		ID: "options-limit", Section: draft13("4.1.4"), Level: Must, Extension: LimitsAnnounced, Since: 6,
		Sentence: "When responding to an OPTIONS request without the Upload-Complete header field, if the resource that is the target of the request supports the creation of a resumable upload resource (Section 4.2), the server MUST include the Upload-Limit header field with the corresponding limits in the response.",
		Tested:   "The answer to OPTIONS of the endpoint has Upload-Limit, if a POST creates an upload.",
		check: resumably(func(c resumable) {
			a := c.announcedOptions()
			c.careful(0)
			if !a.has(rufh.HeaderUploadLimit) {
				if _, sent := a.header[rufh.HeaderUploadLimit]; !sent {
					c.fail("the answer to OPTIONS has no Upload-Limit")
				}
			}
		}),
	},
	{
		ID: "limit-empty", Section: draft13("4.1.4"), Level: Must, Extension: LimitsAnnounced, Since: 6,
		Sentence: "If the server does not apply any limits, it MUST use min-size=0 instead of an empty header value.",
		Tested:   "Upload-Limit in the answers to OPTIONS, POST and HEAD, if it is sent, is not empty.",
		check: resumably(func(c resumable) {
			for _, a := range c.announcers() {
				if _, sent := a.header[rufh.HeaderUploadLimit]; sent && !a.has(rufh.HeaderUploadLimit) {
					c.fail("Upload-Limit is empty in an answer with %d", a.status)
				}
			}
		}),
	},
	{
		ID: "options-restrictive", Section: draft13("4.1.4"), Level: ShouldNot, Extension: LimitsAnnounced, Since: 6,
		Sentence: "To reduce the likelihood of failing requests, the limits announced in an OPTIONS response SHOULD NOT be less restrictive than the limits applied to an upload once the upload resource has been created, unless the request to create an upload resource included additional information that warrants different limits.",
		Tested:   "The answer to HEAD of an upload has no stricter limit than that to OPTIONS.",
		check:    resumably(optionsRestrictive),
	},
	{
		ID: "limit-violated", Section: draft13("4.1.4"), Level: Should, Extension: LimitsAnnounced, Since: 8,
		Sentence: "When a request is rejected because limits were violated, the response SHOULD include the Upload-Limit header field carrying all limits of the corresponding upload if possible.",
		Tested:   "A POST with an Upload-Length above max-size or, without that, a PATCH above max-append-size gets an error with Upload-Limit. max-append-size is tested up to 64 KiB.",
		check:    resumably(limitViolated),
	},
}

// clockTolerance is the time by which the end of a lifetime may vary, as with rounding.
const clockTolerance = 10e9

// limit is a limit of an upload.
type limit struct {
	key   string
	n     int64 // 0: none
	isMax bool
}

func (l limit) String() string { return fmt.Sprintf("%s=%d", l.key, l.n) }

// listed returns the limits on sizes in a fixed order.
func listed(l *protocol.Limits) []limit {
	if l == nil {
		l = &protocol.Limits{}
	}
	return []limit{
		{"max-size", l.MaxUpload, true},
		{"max-append-size", l.MaxRequest, true},
		{"min-size", l.MinUpload, false},
		{"min-append-size", l.MinRequest, false},
	}
}

// announcers returns the answers that have limits: that to OPTIONS, the 104 and the answer to
// POST, and that to HEAD.
func (c resumable) announcers() []answer {
	all := []answer{c.announcement}
	a := c.post(draft{})
	for _, i := range announcements(a) {
		all = append(all, answer{status: i.status, header: i.header})
	}
	u := c.createdFrom(a)
	return append(all, a, c.head(u))
}

// limitsOfUpload returns the limits of an upload at its creation and after an append. Both
// are the same if the answer to POST has none.
func (c resumable) limitsOfUpload() (before, after []limit) {
	part := c.part()
	a := c.post(draft{})
	u := c.createdFrom(a)
	c.store(u, false, part)
	b := c.head(u)
	if c.isSettled() {
		return nil, nil
	}
	first, second := c.parse(a).Limits, c.parse(b).Limits
	if first == nil || second == nil {
		c.skip("Upload-Limit is not sent with POST and HEAD")
		return nil, nil
	}
	return listed(first), listed(second)
}

func optionsRestrictive(c resumable) {
	a := c.announcedOptions()
	options := c.parse(a).Limits
	b := c.head(c.careful(0))
	limits := c.parse(b).Limits
	if c.isSettled() {
		return
	}
	if options == nil || limits == nil {
		c.skip("Upload-Limit is not sent with OPTIONS and HEAD")
		return
	}
	announced := listed(options)
	for i, l := range listed(limits) {
		o := announced[i]
		if l.isMax && l.n > 0 && (o.n == 0 || o.n > l.n) || !l.isMax && l.n > o.n {
			c.fail("OPTIONS has %s, and the upload has %s", o, l)
		}
	}
}

func limitViolated(c resumable) {
	var a answer
	switch l := c.limits; {
	case l.MaxUpload > 0 && l.MaxUpload < rufh.MaxSize:
		a = c.post(draft{length: protocol.Known(l.MaxUpload + 1)})
	case l.MaxRequest > 0 && l.MaxRequest <= largestUnit:
		a = c.append(c.careful(0), 0, false, make([]byte, l.MaxRequest+1))
	default:
		c.skip("the server has no limit that can be violated")
	}
	switch {
	case c.isSettled():
	case !a.isRefused():
		c.skip("the request was answered with %d", a.status)
	case !a.has(rufh.HeaderUploadLimit):
		c.fail("the server answered with %d, without Upload-Limit", a.status)
	}
}
