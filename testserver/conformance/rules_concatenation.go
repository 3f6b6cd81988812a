package conformance

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/tusker-go/tusker/protocol"
)

const sectionConcatenation = "Concatenation"

var concatenationRules = []Rule{
	{
		ID: "concatenation-announced", Section: sectionConcatenation, Level: Must, Extension: protocol.ExtensionConcatenation, always: true,
		Sentence: "If the Server supports this extension, it MUST add concatenation to the Tus-Extension header.",
		Tested:   "If Tus-Extension lacks concatenation, two partial uploads cannot be joined to a final upload with the sum of their lengths.",
		check:    announcement(protocol.ExtensionConcatenation, joinsUploads),
	},
	{
		ID: "concatenation-length", Section: sectionConcatenation, Level: Must, Extension: protocol.ExtensionConcatenation,
		Sentence: "The length of the final upload MUST be the sum of the length of all partial uploads.",
		Tested:   "Upload-Length in the answer to HEAD of the final upload.",
		check: func(c *check) {
			j := c.join("")
			value := c.headFinal(j.final).header.Get(protocol.HeaderUploadLength)
			n, ok := number(value)
			if !ok {
				c.giveUp("Upload-Length of the final upload is %q", clean(value))
			}
			if n != 5 {
				c.fail("Upload-Length is %d, and the parts have 2 and 3 bytes", n)
			}
		},
	},
	{
		ID: "concatenation-order", Section: sectionConcatenation, Level: Must, Extension: protocol.ExtensionConcatenation,
		Sentence: "The partial uploads MUST be concatenated as per the order specified in the list.",
		Tested:   "GET of the final upload, if the server allows it. The specification does not define how to read an upload.",
		check: func(c *check) {
			j := c.join("")
			c.headFinal(j.final)
			got, ok := c.content(j.final)
			if !ok {
				c.giveUp("the server does not allow GET, which is the only way to see the order")
			}
			if got != "ustke" {
				c.fail("the final upload is %q, and the parts in their order are %q and %q", clean(got), "us", "tke")
			}
		},
	},
	{
		ID: "concatenation-unfinished-announced", Section: sectionConcatenation, Level: Must, Extension: protocol.ExtensionConcatenationUnfinished, always: true,
		Sentence: "The Client MAY send the concatenation request while the partial uploads are still in progress. This feature MUST be explicitly announced by the Server by adding concatenation-unfinished to the Tus-Extension header.",
		Tested:   "If Tus-Extension lacks concatenation-unfinished, partial uploads without bytes cannot be joined to a final upload.",
		check: announcement(protocol.ExtensionConcatenationUnfinished, func(c *check) bool {
			if !c.capabilities.Has(protocol.ExtensionConcatenation) {
				return false
			}
			first, second := c.part(2), c.part(3)
			return c.location(c.tryPost(creation{concat: finalConcat(first, second)})) != nil
		}),
	},
	{
		ID: "concatenation-metadata", Section: sectionConcatenation, Level: MustNot, Extension: protocol.ExtensionConcatenation,
		Sentence: "When creating a new final upload the partial uploads' metadata SHALL NOT be transferred to the new final upload.",
		Tested:   "HEAD of a final upload that was created without metadata returns no key of its parts.",
		check: func(c *check) {
			j := c.join("tuskerpart dHVz")
			a := c.head(j.final)
			got, _ := protocol.ParseMetadata(strings.Join(a.header.Values(protocol.HeaderUploadMetadata), ","))
			if _, ok := got["tuskerpart"]; ok {
				c.fail("the final upload has the metadata of its parts")
			}
		},
	},
	{
		ID: "concatenation-patch", Section: sectionConcatenation, Level: Must, Extension: protocol.ExtensionConcatenation,
		Sentence: "The Server MUST respond with the 403 Forbidden status to PATCH requests against a final upload URL and MUST NOT modify the final or its partial uploads.",
		Tested:   "PATCH of the final upload at its offset gets 403. HEAD of the upload and of its parts has the same answer before and after it.",
		check:    concatenationPatch,
	},
	{
		ID: "concatenation-unfinished-offset", Section: sectionConcatenation, Level: ShouldNot, Extension: protocol.ExtensionConcatenationUnfinished,
		Sentence: "The response to a HEAD request for a final upload SHOULD NOT contain the Upload-Offset header unless the concatenation has been successfully finished.",
		Tested:   "HEAD of a final upload whose parts have no bytes.",
		check: func(c *check) {
			a := c.head(c.create(creation{concat: finalConcat(c.part(2), c.part(3))}))
			if a.has(protocol.HeaderUploadOffset) {
				c.fail("the answer has Upload-Offset %s", clean(a.header.Get(protocol.HeaderUploadOffset)))
			}
		},
	},
	{
		ID: "concatenation-offset", Section: sectionConcatenation, Level: Must, Extension: protocol.ExtensionConcatenation,
		Sentence: "After successful concatenation, the Upload-Offset and Upload-Length MUST be set and their values MUST be equal.",
		Tested:   "HEAD of a final upload whose parts are complete.",
		check: func(c *check) {
			a := c.headFinal(c.join("").final)
			offset, length := a.header.Get(protocol.HeaderUploadOffset), a.header.Get(protocol.HeaderUploadLength)
			if offset == "" || length == "" {
				c.fail("Upload-Offset is %q and Upload-Length %q", clean(offset), clean(length))
			}
			n, offsetOK := number(offset)
			m, lengthOK := number(length)
			if !offsetOK || !lengthOK {
				c.giveUp("Upload-Offset is %q and Upload-Length %q", clean(offset), clean(length))
			}
			if n != m {
				c.fail("Upload-Offset is %d and Upload-Length %d", n, m)
			}
		},
	},
	{
		ID: "concatenation-partial-offset", Section: sectionConcatenation, Level: Must, Extension: protocol.ExtensionConcatenation,
		Sentence: "The response to a HEAD request for a partial upload MUST contain the Upload-Offset header.",
		Tested:   "HEAD of a partial upload without bytes and of a complete one.",
		check: func(c *check) {
			u := c.part(3)
			empty := c.head(u)
			c.store(u, 0, "tus")
			for _, a := range []answer{empty, c.head(u)} {
				if !a.has(protocol.HeaderUploadOffset) {
					c.fail("HEAD was answered with %d, without Upload-Offset", a.status)
				}
			}
		},
	},
	{
		ID: "concatenation-unfinished-length", Section: sectionConcatenation, Level: Must, Extension: protocol.ExtensionConcatenationUnfinished,
		Sentence: "The Upload-Length header MUST be included if the length of the final resource can be calculated at the time of the request.",
		Tested:   "HEAD of a final upload whose parts have lengths and no bytes.",
		check: func(c *check) {
			a := c.head(c.create(creation{concat: finalConcat(c.part(2), c.part(3))}))
			if !a.has(protocol.HeaderUploadLength) {
				c.fail("HEAD was answered with %d, without Upload-Length", a.status)
			}
		},
	},
	{
		ID: "concatenation-header", Section: sectionConcatenation, Level: Must, Extension: protocol.ExtensionConcatenation,
		Sentence: "Response to HEAD request against partial or final upload MUST include the Upload-Concat header and its value as received in the upload creation request.",
		Tested:   "HEAD of a partial and of a final upload.",
		check: func(c *check) {
			j := c.join("")
			for _, look := range []struct {
				url  *url.URL
				want string
			}{{j.parts[0], "partial"}, {j.final, finalConcat(j.parts[0], j.parts[1])}} {
				if got := c.head(look.url).header.Get(protocol.HeaderUploadConcat); got != look.want {
					c.fail("the answer does not repeat the value of the creation: %s", c.field(protocol.HeaderUploadConcat, got))
				}
			}
		},
	},
}

// finalConcat returns Upload-Concat for a final upload.
func finalConcat(parts ...*url.URL) string {
	urls := make([]string, len(parts))
	for i, u := range parts {
		if u != nil {
			urls[i] = u.String()
		}
	}
	return "final;" + strings.Join(urls, " ")
}

func (c *check) part(length int64) *url.URL {
	return c.create(creation{length: length, concat: "partial"})
}

// joinedUpload is a final upload and its parts.
type joinedUpload struct {
	parts [2]*url.URL
	final *url.URL
}

// join creates a final upload of "us" and "tke". Its second part is created
// first.
func (c *check) join(metadata string) joinedUpload {
	var j joinedUpload
	for _, part := range []struct {
		at   int
		data string
	}{{1, "tke"}, {0, "us"}} {
		u := c.create(creation{length: int64(len(part.data)), concat: "partial", metadata: metadata})
		c.store(u, 0, part.data)
		j.parts[part.at] = u
	}
	j.final = c.create(creation{concat: finalConcat(j.parts[0], j.parts[1])})
	return j
}

// headFinal sends HEAD for a final upload until the parts are joined or
// settleTime is over.
func (c *check) headFinal(u *url.URL) answer {
	var a answer
	c.poll(func() bool {
		a = c.head(u)
		return a.has(protocol.HeaderUploadOffset) && a.header.Get(protocol.HeaderUploadOffset) == a.header.Get(protocol.HeaderUploadLength)
	})
	return a
}

// joinsUploads reports whether the server joinsUploads uploads.
func joinsUploads(c *check) bool {
	var parts []*url.URL
	for range 2 {
		u := c.location(c.tryPost(creation{length: 2, concat: "partial"}))
		if u == nil {
			return false
		}
		c.store(u, 0, "tu")
		parts = append(parts, u)
	}
	u := c.location(c.tryPost(creation{concat: finalConcat(parts...)}))
	return u != nil && c.head(u).header.Get(protocol.HeaderUploadLength) == "4"
}

func concatenationPatch(c *check) {
	j := c.join("")
	urls := []*url.URL{j.final, j.parts[0], j.parts[1]}
	c.headFinal(j.final)
	before := make([]string, len(urls))
	for i, u := range urls {
		before[i] = uploadState(c.head(u))
	}
	if a := c.patch(j.final, 5, "r"); a.status != http.StatusForbidden {
		c.fail("the server answered with %d%s", a.status, a.firstLine())
	}
	for i, u := range urls {
		if after := uploadState(c.head(u)); after != before[i] {
			c.fail("HEAD was %s before the PATCH and is %s afterwards", before[i], after)
		}
	}
}

// uploadState returns the status, offset and length of an answer to HEAD, which
// a PATCH could change. A missing part has the status 404.
func uploadState(a answer) string {
	return strings.Join([]string{
		strconv.Itoa(a.status), clean(a.header.Get(protocol.HeaderUploadOffset)), clean(a.header.Get(protocol.HeaderUploadLength)),
	}, "/")
}
