package conformance

import (
	"net/http"

	"github.com/tusker-go/tusker/protocol"
)

const (
	sectionCreation    = "Creation"
	sectionPost        = "Creation, Requests, POST"
	sectionMetadata    = "Creation, Headers, Upload-Metadata"
	sectionDeferLength = "Creation, Headers, Upload-Defer-Length"
	sectionWithUpload  = "Creation With Upload"
)

var creationRules = []Rule{
	{
		ID: "creation-implemented", Section: sectionCreation, Level: Should, Extension: protocol.ExtensionCreation, always: true,
		Sentence: "The Client and the Server SHOULD implement the upload creation extension.",
		Tested:   "Tus-Extension has creation, or a POST creates an upload.",
		check: func(c *check) {
			if c.capabilities.Has(protocol.ExtensionCreation) {
				return
			}
			if a := c.post(creation{length: 5}); !a.ok() || c.createdBy(a) == nil {
				c.settleAs(Warn, "creation is not announced, and POST was answered with %d", a.status)
			}
		},
	},
	{
		ID: "creation-announced", Section: sectionCreation, Level: Must, Extension: protocol.ExtensionCreation, always: true,
		Sentence: "If the Server supports this extension, it MUST add creation to the Tus-Extension header.",
		Tested:   "If Tus-Extension lacks creation, a POST creates no upload.",
		check: announcement(protocol.ExtensionCreation, func(c *check) bool {
			return c.location(c.tryPost(creation{length: 5})) != nil
		}),
	},
	{
		ID: "creation-status", Section: sectionPost, Level: Must, Extension: protocol.ExtensionCreation,
		Sentence: "The Server MUST acknowledge a successful upload creation with the 201 Created status.",
		Tested:   "POST with Upload-Length.",
		check: func(c *check) {
			a := c.post(creation{length: 5})
			if a.status != http.StatusCreated && c.createdBy(a) != nil {
				c.fail("the server answered with %d", a.status)
			}
		},
	},
	{
		ID: "creation-location", Section: sectionPost, Level: Must, Extension: protocol.ExtensionCreation,
		Sentence: "The Server MUST set the Location header to the URL of the created resource.",
		Tested:   "The answer to a successful POST has a Location, and HEAD finds the upload there. If creation-with-upload is announced, the answers to a POST with some of the bytes and to one with all bytes have a Location, too.",
		check:    creationLocation,
	},
	{
		ID: "max-size-exceeded", Section: sectionPost, Level: Must, Extension: protocol.ExtensionCreation,
		Sentence: "If the length of the upload exceeds the maximum, which MAY be specified using the Tus-Max-Size header, the Server MUST respond with the 413 Request Entity Too Large status.",
		Tested:   "POST with an Upload-Length of Tus-Max-Size plus 1, if Tus-Max-Size is sent.",
		check:    maxSizeExceeded,
	},
}

// announcement returns a check that fails if an extension works and is not
// announced.
func announcement(e protocol.Extension, works func(*check) bool) func(*check) {
	return func(c *check) {
		if c.capabilities.Has(e) {
			return
		}
		if works(c) {
			c.fail("the extension works, and Tus-Extension lacks %s", e)
		}
		if c.status == Unable {
			return
		}
		c.skip("%s is not announced, and does not work", e)
	}
}

// settleAs replaces the verdict.
func (c *check) settleAs(s Status, format string, args ...any) {
	c.status = ""
	c.settleWith(s, format, args...)
}

// tryPost sends a creation. It returns the zero answer for a refusal.
func (c *check) tryPost(want creation) answer {
	if a := c.post(want); a.ok() {
		return a
	}
	return answer{}
}

func creationLocation(c *check) {
	a := c.post(creation{length: 5})
	if a.ok() && c.location(a) == nil {
		c.fail("the server answered with %d, without a valid Location", a.status)
	}
	u := c.createdBy(a)
	if a := c.head(u); a.status == http.StatusNotFound || a.status == http.StatusGone {
		c.fail("HEAD of the Location was answered with %d", a.status)
	}
	if !c.capabilities.Has(protocol.ExtensionCreationWithUpload) {
		return
	}
	for _, data := range []string{"tus", "tuske"} {
		if a := c.post(creation{length: 5, body: []byte(data)}); a.ok() && c.location(a) == nil {
			c.fail("a POST with %d of 5 bytes was answered with %d, without a valid Location", len(data), a.status)
		}
	}
}

func maxSizeExceeded(c *check) {
	most, ok := c.capabilities.MaxSize.Int64()
	if !ok {
		c.skip("Tus-Max-Size is not sent")
	}
	if most >= hugeLength {
		c.skip("Tus-Max-Size is %d, and a larger length cannot be sent", most)
	}
	if a := c.post(creation{length: most + 1}); a.status != http.StatusRequestEntityTooLarge {
		c.fail("the server answered with %d", a.status)
	}
}

var withUploadRules = []Rule{
	{
		ID: "creation-with-upload-announced", Section: sectionWithUpload, Level: Must, Extension: protocol.ExtensionCreationWithUpload, always: true,
		Sentence: "If the Server supports this extension, it MUST advertise this by including creation-with-upload in the Tus-Extension header.",
		Tested:   "If Tus-Extension lacks creation-with-upload, a POST stores no bytes.",
		check: announcement(protocol.ExtensionCreationWithUpload, func(c *check) bool {
			u := c.location(c.tryPost(creation{length: 5, body: []byte("tus")}))
			return u != nil && c.offset(u) > 0
		}),
	},
	{
		ID: "creation-with-upload-depends", Section: sectionWithUpload, Level: MustNot, Extension: protocol.ExtensionCreationWithUpload,
		Sentence: "Therefore, if the Server does not offer the Creation extension, it MUST NOT offer the Creation With Upload extension either.",
		Tested:   "Tus-Extension has creation if it has creation-with-upload.",
		check: func(c *check) {
			c.announcedOptions()
			if !c.capabilities.Has(protocol.ExtensionCreation) {
				c.fail("Tus-Extension has creation-with-upload and lacks creation")
			}
		},
	},
	{
		ID: "creation-with-upload-accepts", Section: sectionWithUpload, Level: Should, Extension: protocol.ExtensionCreationWithUpload,
		Sentence: "The Server SHOULD accept as many bytes as possible […]",
		Tested:   "HEAD reports the offset 3 after a POST with 3 of 5 bytes, and the offset 5 after a POST with all bytes.",
		check: func(c *check) {
			for _, data := range []string{"tus", "tuske"} {
				u := c.create(creation{length: 5, body: []byte(data)})
				if n := c.offset(u); n != int64(len(data)) {
					c.fail("the offset is %d, and %d bytes were sent", n, len(data))
				}
			}
		},
	},
	{
		ID: "creation-with-upload-offset", Section: sectionWithUpload, Level: Must, Extension: protocol.ExtensionCreationWithUpload,
		Sentence: "The Server […] MUST include the Upload-Offset header in the response and MUST set its value to the offset of the upload after applying the accepted bytes.",
		Tested:   "The answer to a POST with bytes has the Upload-Offset of the following HEAD.",
		check: func(c *check) {
			a := c.post(creation{length: 5, body: []byte("tus")})
			u := c.createdBy(a)
			if !a.has(protocol.HeaderUploadOffset) {
				c.fail("the answer has no Upload-Offset")
			}
			value := a.header.Get(protocol.HeaderUploadOffset)
			if n, ok := number(value); c.offset(u) != n || !ok {
				c.fail("Upload-Offset is %q, and HEAD has a different offset", clean(value))
			}
		},
	},
}
