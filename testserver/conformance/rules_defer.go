package conformance

import (
	"net/http"
	"strconv"

	"github.com/tusker-go/tusker/protocol"
)

var deferRules = []Rule{
	{
		ID: "defer-length-value", Section: sectionDeferLength, Level: Must, Extension: protocol.ExtensionCreationDeferLength,
		Sentence: "Its value MUST be 1.",
		Tested:   "Upload-Defer-Length in the answer to HEAD of an upload without a length, if it is sent, is 1.",
		check: func(c *check) {
			a := c.head(c.create(creation{deferred: true}))
			switch value := a.header.Get(protocol.HeaderUploadDeferLength); value {
			case "1":
			case "":
				c.giveUp("the answer to HEAD has no Upload-Defer-Length")
			default:
				c.fail("Upload-Defer-Length is %q", clean(value))
			}
		},
	},
	{
		ID: "defer-length-omitted", Section: sectionDeferLength, Level: Must, Extension: protocol.ExtensionCreationDeferLength,
		Sentence: "If the length of an upload is not deferred, this header MUST be omitted.",
		Tested:   "HEAD of an upload created with a length, and of one whose length was declared later, has no Upload-Defer-Length.",
		check:    deferOmitted,
	},
	{
		ID: "defer-length-invalid", Section: sectionPost, Level: Should, Extension: protocol.ExtensionCreationDeferLength,
		Sentence: "If the Upload-Defer-Length header contains any other value than 1 the server should return a 400 Bad Request status.",
		Tested:   "POST with Upload-Defer-Length: 2. The specification writes this “should” in lower case.",
		check: func(c *check) {
			header := []string{protocol.HeaderUploadDeferLength, "2"}
			if metadata := c.metadata(""); metadata != "" {
				header = append(header, protocol.HeaderUploadMetadata, metadata)
			}
			a := c.send(request{method: http.MethodPost, url: c.endpoint, header: header})
			if a.status != http.StatusBadRequest {
				c.fail("the server answered with %d", a.status)
			}
		},
	},
	{
		ID: "length-unchanged", Section: sectionPost, Level: MustNot, Extension: protocol.ExtensionCreationDeferLength,
		Sentence: "Once set the length MUST NOT be changed.",
		Tested:   "A PATCH with another Upload-Length does not change the length of the creation or of an earlier PATCH.",
		check:    lengthUnchanged,
	},
	{
		ID: "defer-length-head", Section: sectionPost, Level: Must, Extension: protocol.ExtensionCreationDeferLength,
		Sentence: "As long as the length of the upload is not known, the Server MUST set Upload-Defer-Length: 1 in all responses to HEAD requests.",
		Tested:   "HEAD of an upload without a length has Upload-Defer-Length, before and after a PATCH.",
		check: func(c *check) {
			u := c.create(creation{deferred: true})
			first := c.head(u)
			c.store(u, 0, "tus")
			for _, a := range []answer{first, c.head(u)} {
				if !a.has(protocol.HeaderUploadDeferLength) {
					c.fail("HEAD was answered with %d, without Upload-Defer-Length", a.status)
				}
			}
		},
	},
	{
		ID: "defer-length-announced", Section: sectionPost, Level: Must, Extension: protocol.ExtensionCreationDeferLength, always: true,
		Sentence: "If the Server supports deferring length, it MUST add creation-defer-length to the Tus-Extension header.",
		Tested:   "If Tus-Extension lacks creation-defer-length, a POST with Upload-Defer-Length: 1 makes no upload whose HEAD has that header.",
		check: announcement(protocol.ExtensionCreationDeferLength, func(c *check) bool {
			u := c.location(c.tryPost(creation{deferred: true}))
			return u != nil && c.head(u).has(protocol.HeaderUploadDeferLength)
		}),
	},
}

func deferOmitted(c *check) {
	a := c.head(c.create(creation{length: 5}))
	if a.has(protocol.HeaderUploadDeferLength) {
		c.fail("HEAD of an upload created with a length has Upload-Defer-Length")
	}
	u := c.create(creation{deferred: true})
	c.store(u, 0, "tus", protocol.HeaderUploadLength, "5")
	if c.head(u).has(protocol.HeaderUploadDeferLength) {
		c.fail("HEAD of an upload whose length was declared by a PATCH has Upload-Defer-Length")
	}
}

func lengthUnchanged(c *check) {
	for _, deferred := range []bool{false, true} {
		u := c.create(creation{length: 5, deferred: deferred})
		var named []string
		if deferred {
			named = []string{protocol.HeaderUploadLength, "5"}
		}
		c.store(u, 0, "tus", named...)
		c.patch(u, 3, "k", protocol.HeaderUploadLength, "9")
		value := c.head(u).header.Get(protocol.HeaderUploadLength)
		n, ok := number(value)
		if !ok {
			c.giveUp("Upload-Length is %q in the answer to HEAD", clean(value))
		}
		if n != 5 {
			c.fail("the length was 5 and is %s", strconv.FormatInt(n, 10))
		}
	}
}
