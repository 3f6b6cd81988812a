package conformance

import (
	"bytes"
	"net/http"
	"net/url"

	"github.com/tusker-go/tusker/protocol"
)

const sectionPatch = "Core Protocol, Requests, PATCH"

var patchRules = []Rule{
	{
		ID: "patch-applies", Section: sectionPatch, Level: Should, Extension: Core,
		Sentence: "The Server SHOULD accept PATCH requests against any upload URL and apply the bytes contained in the message at the given offset specified by the Upload-Offset header.",
		Tested:   "HEAD reports the offset 5 after a PATCH with 3 bytes at 0 and a PATCH with 2 bytes at 3. If the server allows GET, it returns these bytes.",
		check:    patchApplies,
	},
	{
		ID: "patch-content-type", Section: sectionPatch, Level: Should, Extension: Core,
		Sentence: "All PATCH requests MUST use Content-Type: application/offset+octet-stream, otherwise the server SHOULD return a 415 Unsupported Media Type status.",
		Tested:   "A PATCH at the right offset with Content-Type: text/plain.",
		check:    patchContentType,
	},
	{
		ID: "patch-offset-mismatch", Section: sectionPatch, Level: Must, Extension: Core,
		Sentence: "If the offsets do not match, the Server MUST respond with the 409 Conflict status without modifying the upload resource.",
		Tested:   "PATCH below and above the offset that the answer to an earlier PATCH acknowledged is answered with 409, and HEAD reports the acknowledged offset afterwards.",
		check:    patchMismatch,
	},
	{
		ID: "patch-status", Section: sectionPatch, Level: Must, Extension: Core,
		Sentence: "The Server MUST acknowledge successful PATCH requests with the 204 No Content status.",
		Tested:   "A PATCH in the middle of an upload and one that completes it.",
		check: func(c *check) {
			u := c.create(creation{length: 5})
			for _, a := range []answer{c.store(u, 0, "tus"), c.store(u, 3, "ke")} {
				if a.status != http.StatusNoContent {
					c.fail("the server answered with %d", a.status)
				}
			}
		},
	},
	{
		ID: "patch-offset", Section: sectionPatch, Level: Must, Extension: Core,
		Sentence: "It MUST include the Upload-Offset header containing the new offset.",
		Tested:   "The answers to a PATCH in the middle of an upload and to one that completes it have the header.",
		check: func(c *check) {
			u := c.create(creation{length: 5})
			for _, a := range []answer{c.store(u, 0, "tus"), c.store(u, 3, "ke")} {
				if !a.has(protocol.HeaderUploadOffset) {
					c.fail("the answer has no Upload-Offset")
				}
			}
		},
	},
	{
		ID: "patch-offset-sum", Section: sectionPatch, Level: Must, Extension: Core,
		Sentence: "The new offset MUST be the sum of the offset before the PATCH request and the number of bytes received and processed or stored during the current PATCH request.",
		Tested:   "Upload-Offset in the answer to PATCH is the offset of the following HEAD, and counts no more bytes than were sent.",
		check:    patchSum,
	},
	{
		ID: "patch-not-found", Section: sectionPatch, Level: Should, Extension: Core,
		Sentence: "If the server receives a PATCH request against a non-existent resource it SHOULD return a 404 Not Found status.",
		Tested:   "PATCH of an upload URL with changed digits.",
		check: func(c *check) {
			if a := c.patch(c.missingURL(), 0, "tus"); a.status != http.StatusNotFound {
				c.fail("the server answered with %d", a.status)
			}
		},
	},
	{
		ID: "patch-stores-received", Section: sectionPatch, Level: Should, Extension: Core,
		Sentence: "The Server SHOULD always attempt to store as much of the received data as possible.",
		Tested:   "A PATCH of 16 KiB whose connection ends half a second after 12 KiB leaves an offset above 0.",
		check:    patchStoresReceived,
	},
}

func patchApplies(c *check) {
	u := c.create(creation{length: 5})
	for _, part := range []struct {
		offset int64
		data   string
	}{{0, "tus"}, {3, "ke"}} {
		if a := c.patch(u, part.offset, part.data); !a.ok() {
			c.fail("PATCH was answered with %d%s", a.status, a.firstLine())
		}
		if want, got := part.offset+int64(len(part.data)), c.offset(u); got != want {
			c.fail("the offset is %d, want %d", got, want)
		}
	}
	if got, ok := c.content(u); ok && got != "tuske" {
		c.fail("GET returned %q, and %q was sent", clean(got), "tuske")
	}
}

func patchContentType(c *check) {
	r := patchRequest(c.create(creation{length: 5}), 0, "tus")
	r.header[1] = "text/plain"
	if a := c.send(r); a.status != http.StatusUnsupportedMediaType {
		c.fail("the server answered with %d", a.status)
	}
}

func patchMismatch(c *check) {
	u := c.create(creation{length: 5})
	// The server may store fewer bytes than it received.
	acknowledged := c.store(u, 0, "tus").header.Get(protocol.HeaderUploadOffset)
	before := c.offset(u)
	if n, ok := number(acknowledged); ok && n != before {
		c.giveUp("PATCH acknowledged the offset %d, and HEAD reports %d", n, before)
	}
	for _, offset := range []int64{before - 1, before + 1} {
		if offset < 0 {
			continue
		}
		if a := c.patch(u, offset, "k"); a.status != http.StatusConflict {
			c.fail("a PATCH at %d, where the offset is %d, was answered with %d", offset, before, a.status)
		}
		if n := c.offset(u); n != before {
			c.fail("the offset is %d, want %d, as acknowledged before the PATCH", n, before)
		}
	}
}

func patchSum(c *check) {
	u := c.create(creation{length: 5})
	for _, part := range []struct {
		offset int64
		data   string
	}{{0, "tus"}, {3, "ke"}} {
		value := c.store(u, part.offset, part.data).header.Get(protocol.HeaderUploadOffset)
		said, ok := number(value)
		if !ok {
			c.giveUp("Upload-Offset is %q in the answer to PATCH", clean(value))
		}
		if stored := c.offset(u); said != stored {
			c.fail("PATCH was answered with the offset %d, and HEAD with %d", said, stored)
		}
		if most := part.offset + int64(len(part.data)); said > most {
			c.fail("the offset is %d, and no more than %d bytes were sent", said, most)
		}
		if said < part.offset+int64(len(part.data)) {
			// The server may store fewer bytes than it received.
			return
		}
	}
}

func patchStoresReceived(c *check) {
	size := 16 << 10
	if most, ok := c.capabilities.MaxSize.Int64(); ok && most < int64(size) {
		c.skip("Tus-Max-Size is %d, which is too small to cut a request in the middle", most)
	}
	u := c.create(creation{length: int64(size)})
	r := patchRequest(u, 0, "")
	// The client loses the bytes in its buffer when the connection ends, so it
	// sends enough bytes for some to arrive.
	r.body, r.cut = bytes.Repeat([]byte("tusker \n"), size/8), size/4*3
	c.send(r)
	stored := int64(0)
	c.poll(func() bool {
		stored = c.laterOffset(u)
		return stored > 0
	})
	if stored == 0 {
		c.fail("the offset is 0 %v after the connection ended", settleTime)
	}
}

// laterOffset is offset for an upload that the server may still be writing. It
// returns 0 if the answer has no offset.
func (c *check) laterOffset(u *url.URL) int64 {
	a := c.head(u)
	if !a.ok() && a.status < http.StatusInternalServerError {
		c.giveUp("HEAD was answered with %d", a.status)
	}
	n, _ := number(a.header.Get(protocol.HeaderUploadOffset))
	return n
}
