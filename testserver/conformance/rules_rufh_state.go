package conformance

import (
	"slices"
	"strconv"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

var stateRules = []Rule{
	{
		ID: "offset-type", Section: draft13("4.1.1"), Level: Must, Extension: Core, Since: 8,
		Sentence: "Its value is a non-negative Integer (Section 3.3.1 of [STRUCTURED-FIELDS]) and indicates the current offset as viewed by the message sender. Other values MUST cause the entire header field to be ignored.",
		Tested:   "Upload-Offset in the answers to HEAD and PATCH, if it is sent, is an Integer. A PATCH with a String is treated as one without the field.",
		check:    resumably(offsetType),
	},
	{
		ID: "offset-matches", Section: draft13("4.1.1"), Level: Must, Extension: Core, Since: 3,
		Sentence: "An Upload-Offset header field's value MUST match this inferred offset, if present.",
		Tested:   "Upload-Offset in the answer to a PATCH that does not complete the upload, if it is sent, is the offset after its content.",
		check: resumably(func(c resumable) {
			part := c.part()
			a := c.store(c.careful(0), false, part)
			if n, known := c.parse(a).Offset.Int64(); known && n != int64(len(part)) {
				c.fail("Upload-Offset is %d after %d bytes", n, len(part))
			}
		}),
	},
	{
		ID: "offset-decreases", Section: draft13("4.1.1"), Level: MustNot, Extension: Core, Since: 3,
		Sentence: "Representation data processed by the upload resource cannot be removed again and, therefore, the offset as seen by the client MUST NOT decrease.",
		Tested:   "HEAD after a PATCH, after a PATCH at a wrong offset and after an empty PATCH has no lower offset than before.",
		check:    resumably(offsetDecreases),
	},
	{
		ID: "complete-type", Section: draft13("4.1.2"), Level: Must, Extension: Core, Since: 8,
		Sentence: "Its value is a Boolean (Section 3.3.6 of [STRUCTURED-FIELDS]) and indicates whether the upload is complete or not. Other values MUST cause the entire header field to be ignored.",
		Tested:   "Upload-Complete in the answers to POST, HEAD and PATCH, if it is sent, is a Boolean. A POST with an Integer gets no 104 and no Upload-Complete.",
		check:    resumably(completeType),
	},
	{
		ID: "length-type", Section: draft13("4.1.3"), Level: Must, Extension: Core, Since: 8,
		Sentence: "Its value is a non-negative Integer (Section 3.3.1 of [STRUCTURED-FIELDS]) and indicates the representation's length as a number of bytes. Other values MUST cause the entire header field to be ignored.",
		Tested:   "Upload-Length in the answer to HEAD, if it is sent, is an Integer. After a POST with a String, which is too short, all bytes are accepted.",
		check:    resumably(lengthType),
	},
	{
		ID: "length-indicators", Section: draft13("4.1.3"), Level: Must, Extension: Core, Since: 7,
		Sentence: "If indicators (1) and (2) are both present in the same request, their indicated lengths MUST match.",
		Tested:   "A POST that completes the upload, and whose Upload-Length is larger than its content, does not succeed.",
		check: resumably(func(c resumable) {
			part := c.part()
			if a := c.post(draft{complete: true, length: protocol.Known(int64(len(part)) + 1), body: part}); a.ok() {
				c.fail("a POST with %d bytes and Upload-Length: %d was answered with %d", len(part), len(part)+1, a.status)
			}
		}),
	},
	{
		ID: "length-consistent", Section: draft13("4.1.3"), Level: Must, Extension: Core, Since: 7,
		Sentence: "The representation's length, if known, MUST stay consistent across subsequent requests.",
		Tested:   "A PATCH with a larger Upload-Length than that of the POST does not succeed.",
		check: resumably(func(c resumable) {
			part := c.part()
			u := c.careful(2 * len(part))
			if a := c.append(u, 0, false, part, rufh.HeaderUploadLength, strconv.Itoa(2*len(part)+1)); a.ok() {
				c.fail("a PATCH with another Upload-Length was answered with %d", a.status)
			}
		}),
	},
}

// isVoid reports whether a field of a has a value of a wrong type.
func (c resumable) isVoid(a answer, name string) bool {
	return a.status != 0 && slices.Contains(c.parse(a).Void, name)
}

// expectType fails the rule if a field of a has a value of a wrong type.
func (c resumable) expectType(a answer, name string) {
	if c.isVoid(a, name) {
		c.fail("%s is %q, which has a wrong type", name, clean(a.header.Get(name)))
	}
}

// without returns the request without a field.
func without(r request, name string) request {
	for i := 0; i+1 < len(r.header); i += 2 {
		if r.header[i] == name {
			r.header = slices.Delete(slices.Clone(r.header), i, i+2)
			return r
		}
	}
	return r
}

func offsetType(c resumable) {
	part := c.part()
	u := c.careful(0)
	c.expectType(c.head(u), rufh.HeaderUploadOffset)
	c.expectType(c.store(u, false, part), rufh.HeaderUploadOffset)
	c.expectType(c.head(u), rufh.HeaderUploadOffset)
	if c.isSettled() {
		return
	}
	missing := c.send(without(c.appendRequest(c.careful(0), 0, false, part), rufh.HeaderUploadOffset))
	void := c.append(c.careful(0), 0, false, part, rufh.HeaderUploadOffset, `"0"`)
	if void.ok() != missing.ok() {
		c.fail("a PATCH with a String was answered with %d, and one without Upload-Offset with %d", void.status, missing.status)
	}
}

func offsetDecreases(c resumable) {
	part := c.part()
	u := c.careful(0)
	c.store(u, false, part)
	last := len(part)
	for _, step := range []struct {
		name string
		act  func()
	}{
		{"a PATCH", func() {}},
		{"a PATCH at a wrong offset", func() { c.append(u, 1, false, part) }},
		{"an empty PATCH", func() { c.append(u, last, false, nil) }},
	} {
		step.act()
		n, _ := c.state(u)
		if n < last {
			c.fail("the offset is %d after %s, and was %d before", n, step.name, last)
		}
		last = n
	}
}

func completeType(c resumable) {
	name := c.version().HeaderComplete()
	a := c.post(draft{})
	c.expectType(a, name)
	u := c.createdFrom(a)
	c.expectType(c.head(u), name)
	c.expectType(c.store(u, false, c.part()), name)
	void := c.post(draft{body: c.part(), header: []string{name, "1"}})
	switch {
	case len(announcements(void)) > 0:
		c.fail("a POST with %s: 1 got a 104", name)
	case void.has(name):
		c.fail("a POST with %s: 1 was answered with %d and %s", name, void.status, excerpt(void, name))
	}
}

func lengthType(c resumable) {
	part := c.part()
	c.expectType(c.head(c.careful(len(part))), rufh.HeaderUploadLength)
	long := c.content(2, smallUnit)
	u := c.create(draft{header: []string{rufh.HeaderUploadLength, strconv.Quote(strconv.Itoa(len(part)))}})
	if a := c.append(u, 0, false, long); a.isRefused() {
		c.fail("a PATCH with %d bytes was answered with %d", len(long), a.status)
	}
}
