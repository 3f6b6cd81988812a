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
		Tested:   "Where Tus-Extension lacks concatenation, two partial uploads make no final one with the length of both.",
		check:    announcement(protocol.ExtensionConcatenation, concatenates),
	},
	{
		ID: "concatenation-length", Section: sectionConcatenation, Level: Must, Extension: protocol.ExtensionConcatenation,
		Sentence: "The length of the final upload MUST be the sum of the length of all partial uploads.",
		Tested:   "Upload-Length in the answer to HEAD of the final upload.",
		check: func(c *check) {
			j := c.join("")
			value := c.finished(j.final).header.Get(protocol.HeaderUploadLength)
			n, ok := number(value)
			if !ok {
				c.unable("Upload-Length of the final upload is %q", clean(value))
			}
			if n != 5 {
				c.wrong("it is %d, and the parts have 2 and 3 bytes", n)
			}
		},
	},
	{
		ID: "concatenation-order", Section: sectionConcatenation, Level: Must, Extension: protocol.ExtensionConcatenation,
		Sentence: "The partial uploads MUST be concatenated as per the order specified in the list.",
		Tested:   "GET of the final upload, where the server allows it. The specification itself has no way to read an upload.",
		check: func(c *check) {
			j := c.join("")
			c.finished(j.final)
			got, ok := c.content(j.final)
			if !ok {
				c.unable("the server does not allow GET, and the order shows in nothing else")
			}
			if got != "ustke" {
				c.wrong("the final upload is %q, and the parts in their order are %q and %q", clean(got), "us", "tke")
			}
		},
	},
	{
		ID: "concatenation-unfinished-announced", Section: sectionConcatenation, Level: Must, Extension: protocol.ExtensionConcatenationUnfinished, always: true,
		Sentence: "The Client MAY send the concatenation request while the partial uploads are still in progress. This feature MUST be explicitly announced by the Server by adding concatenation-unfinished to the Tus-Extension header.",
		Tested:   "Where Tus-Extension lacks concatenation-unfinished, parts without bytes make no final upload.",
		check: announcement(protocol.ExtensionConcatenationUnfinished, func(c *check) bool {
			if !c.capabilities.Has(protocol.ExtensionConcatenation) {
				return false
			}
			first, second := c.part(2), c.part(3)
			return c.location(c.try2xx(creation{concat: final(first, second)})) != nil
		}),
	},
	{
		ID: "concatenation-metadata", Section: sectionConcatenation, Level: MustNot, Extension: protocol.ExtensionConcatenation,
		Sentence: "When creating a new final upload the partial uploads' metadata SHALL NOT be transferred to the new final upload.",
		Tested:   "Upload-Metadata in the answer to HEAD of a final upload created without has no key of its parts.",
		check: func(c *check) {
			j := c.join("tuskerpart dHVz")
			a := c.head(j.final)
			got, _ := protocol.ParseMetadata(strings.Join(a.header.Values(protocol.HeaderUploadMetadata), ","))
			if _, ok := got["tuskerpart"]; ok {
				c.wrong("the final upload has the metadata of its parts")
			}
		},
	},
	{
		ID: "concatenation-patch", Section: sectionConcatenation, Level: Must, Extension: protocol.ExtensionConcatenation,
		Sentence: "The Server MUST respond with the 403 Forbidden status to PATCH requests against a final upload URL and MUST NOT modify the final or its partial uploads.",
		Tested:   "A PATCH of the final upload at its offset; HEAD of it and of its parts is the same afterwards.",
		check:    concatenationPatch,
	},
	{
		ID: "concatenation-unfinished-offset", Section: sectionConcatenation, Level: ShouldNot, Extension: protocol.ExtensionConcatenationUnfinished,
		Sentence: "The response to a HEAD request for a final upload SHOULD NOT contain the Upload-Offset header unless the concatenation has been successfully finished.",
		Tested:   "HEAD of a final upload whose parts have no bytes.",
		check: func(c *check) {
			a := c.head(c.create(creation{concat: final(c.part(2), c.part(3))}))
			if a.has(protocol.HeaderUploadOffset) {
				c.wrong("it has the offset %s", clean(a.header.Get(protocol.HeaderUploadOffset)))
			}
		},
	},
	{
		ID: "concatenation-offset", Section: sectionConcatenation, Level: Must, Extension: protocol.ExtensionConcatenation,
		Sentence: "After successful concatenation, the Upload-Offset and Upload-Length MUST be set and their values MUST be equal.",
		Tested:   "HEAD of a final upload whose parts are complete.",
		check: func(c *check) {
			a := c.finished(c.join("").final)
			offset, length := a.header.Get(protocol.HeaderUploadOffset), a.header.Get(protocol.HeaderUploadLength)
			if offset == "" || length == "" {
				c.wrong("Upload-Offset is %q and Upload-Length %q", clean(offset), clean(length))
			}
			n, whole := number(offset)
			m, also := number(length)
			if !whole || !also {
				c.unable("Upload-Offset is %q and Upload-Length %q", clean(offset), clean(length))
			}
			if n != m {
				c.wrong("Upload-Offset is %d and Upload-Length %d", n, m)
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
					c.wrong("HEAD was answered with %d, without Upload-Offset", a.status)
				}
			}
		},
	},
	{
		ID: "concatenation-unfinished-length", Section: sectionConcatenation, Level: Must, Extension: protocol.ExtensionConcatenationUnfinished,
		Sentence: "The Upload-Length header MUST be included if the length of the final resource can be calculated at the time of the request.",
		Tested:   "HEAD of a final upload whose parts have lengths and no bytes.",
		check: func(c *check) {
			a := c.head(c.create(creation{concat: final(c.part(2), c.part(3))}))
			if !a.has(protocol.HeaderUploadLength) {
				c.wrong("HEAD was answered with %d, without Upload-Length", a.status)
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
			}{{j.parts[0], "partial"}, {j.final, final(j.parts[0], j.parts[1])}} {
				if got := c.head(look.url).header.Get(protocol.HeaderUploadConcat); got != look.want {
					c.wrong("it is not what the upload was created with: %s", c.field(protocol.HeaderUploadConcat, got))
				}
			}
		},
	},
}

// final gives Upload-Concat for a final upload.
func final(parts ...*url.URL) string {
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

// joined is a final upload and its parts.
type joined struct {
	parts [2]*url.URL
	final *url.URL
}

// join makes a final upload of "us" and "tke", of which the second was created
// first.
func (c *check) join(metadata string) joined {
	var j joined
	for _, part := range []struct {
		at   int
		data string
	}{{1, "tke"}, {0, "us"}} {
		u := c.create(creation{length: int64(len(part.data)), concat: "partial", metadata: metadata})
		c.store(u, 0, part.data)
		j.parts[part.at] = u
	}
	j.final = c.create(creation{concat: final(j.parts[0], j.parts[1])})
	return j
}

// finished asks for a final upload until its parts are joined, or for long enough
// to judge the answer as it is.
func (c *check) finished(u *url.URL) answer {
	var a answer
	c.until(func() bool {
		a = c.head(u)
		return a.has(protocol.HeaderUploadOffset) && a.header.Get(protocol.HeaderUploadOffset) == a.header.Get(protocol.HeaderUploadLength)
	})
	return a
}

// concatenates tells whether a server joins uploads.
func concatenates(c *check) bool {
	var parts []*url.URL
	for range 2 {
		u := c.location(c.try2xx(creation{length: 2, concat: "partial"}))
		if u == nil {
			return false
		}
		c.store(u, 0, "tu")
		parts = append(parts, u)
	}
	u := c.location(c.try2xx(creation{concat: final(parts...)}))
	return u != nil && c.head(u).header.Get(protocol.HeaderUploadLength) == "4"
}

func concatenationPatch(c *check) {
	j := c.join("")
	urls := []*url.URL{j.final, j.parts[0], j.parts[1]}
	c.finished(j.final)
	before := make([]string, len(urls))
	for i, u := range urls {
		before[i] = place(c.head(u))
	}
	if a := c.patch(j.final, 5, "r"); a.status != http.StatusForbidden {
		c.wrong("it was answered with %d%s", a.status, a.words())
	}
	for i, u := range urls {
		if after := place(c.head(u)); after != before[i] {
			c.wrong("HEAD was %s before it and is %s afterwards", before[i], after)
		}
	}
}

// place is what a PATCH would change of an upload. Parts may be deleted.
func place(a answer) string {
	return strings.Join([]string{
		strconv.Itoa(a.status), clean(a.header.Get(protocol.HeaderUploadOffset)), clean(a.header.Get(protocol.HeaderUploadLength)),
	}, "/")
}
