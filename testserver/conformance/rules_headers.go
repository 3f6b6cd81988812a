package conformance

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/tusker-go/tusker/protocol"
)

const sectionHeaders = "Core Protocol, Headers, "

var headerRules = []Rule{
	{
		ID: "offset-integer", Section: sectionHeaders + "Upload-Offset", Level: Must, Extension: Core,
		Sentence: "The value MUST be a non-negative integer.",
		Tested:   "Upload-Offset in the answers to HEAD and PATCH, if it is sent, consists of digits.",
		check:    func(c *check) { integers(c, protocol.HeaderUploadOffset) },
	},
	{
		ID: "length-integer", Section: sectionHeaders + "Upload-Length", Level: Must, Extension: Core,
		Sentence: "The value MUST be a non-negative integer.",
		Tested:   "Upload-Length in the answers to HEAD, if it is sent, consists of digits.",
		check:    func(c *check) { integers(c, protocol.HeaderUploadLength) },
	},
	{
		ID: "version-list", Section: sectionHeaders + "Tus-Version", Level: Must, Extension: Core,
		Sentence: "The Tus-Version response header MUST be a comma-separated list of protocol versions supported by the Server.",
		Tested:   "Each element of Tus-Version in the answer to OPTIONS has the form of a version, such as 1.0.0. Tus-Resumable in the answers to OPTIONS and POST, if it is sent, is one of them.",
		check:    versionList,
	},
	{
		ID: "resumable-included", Section: sectionHeaders + "Tus-Resumable", Level: Must, Extension: Core,
		Sentence: "The Tus-Resumable header MUST be included in every request and response except for OPTIONS requests.",
		Tested:   "The answers to successful POST, HEAD and PATCH requests, to a PATCH at a wrong offset and to a HEAD of an unknown upload have Tus-Resumable.",
		check:    resumableIncluded,
	},
	{
		ID: "resumable-version", Section: sectionHeaders + "Tus-Resumable", Level: Must, Extension: Core,
		Sentence: "The value MUST be the version of the protocol used by the Client or the Server.",
		Tested:   "Tus-Resumable in the answers to HEAD and PATCH, if it is sent, is 1.0.0 or one of Tus-Version.",
		check:    resumableVersion,
	},
	{
		ID: "version-unsupported", Section: sectionHeaders + "Tus-Resumable", Level: Must, Extension: Core,
		Sentence: "If the version specified by the Client is not supported by the Server, it MUST respond with the 412 Precondition Failed status and MUST include the Tus-Version header into the response.",
		Tested:   "HEAD and PATCH with Tus-Resumable: 99.99.99 are answered with 412 and Tus-Version.",
		check:    versionUnsupported,
	},
	{
		ID: "version-unsupported-not-processed", Section: sectionHeaders + "Tus-Resumable", Level: MustNot, Extension: Core,
		Sentence: "In addition, the Server MUST NOT process the request.",
		Tested:   "A PATCH with Tus-Resumable: 99.99.99 leaves the offset at 0.",
		check:    versionNotProcessed,
	},
	{
		ID: "extension-list", Section: sectionHeaders + "Tus-Extension", Level: Must, Extension: Core,
		Sentence: "The Tus-Extension response header MUST be a comma-separated list of the extensions supported by the Server.",
		Tested:   "Each element of Tus-Extension in the answer to OPTIONS is a word.",
		check:    func(c *check) { wordList(c, protocol.HeaderExtension) },
	},
	{
		ID: "extension-omitted", Section: sectionHeaders + "Tus-Extension", Level: Must, Extension: Core,
		Sentence: "If no extensions are supported, the Tus-Extension header MUST be omitted.",
		Tested:   "Tus-Extension in the answer to OPTIONS, if it is sent, names an extension.",
		check:    extensionOmitted,
	},
	{
		ID: "max-size-integer", Section: sectionHeaders + "Tus-Max-Size", Level: Must, Extension: Core,
		Sentence: "The Tus-Max-Size response header MUST be a non-negative integer indicating the maximum allowed size of an entire upload in bytes.",
		Tested:   "Tus-Max-Size in the answer to OPTIONS, if it is sent, consists of digits.",
		check:    maxSizeInteger,
	},
	{
		ID: "max-size-set", Section: sectionHeaders + "Tus-Max-Size", Level: Should, Extension: Core,
		Sentence: "The Server SHOULD set this header if there is a known hard limit.",
		Tested:   "If Tus-Max-Size is not sent, a creation with a length of 2^53-1 bytes is not refused with 413. The bytes are not sent.",
		check:    maxSizeSet,
	},
	{
		ID: "method-override", Section: sectionHeaders + "X-HTTP-Method-Override", Level: Must, Extension: Core,
		Sentence: "The X-HTTP-Method-Override request header MUST be a string which MUST be interpreted as the request's method by the Server, if the header is presented.",
		Tested:   "A POST to an upload with X-HTTP-Method-Override: PATCH stores its bytes.",
		check:    methodOverride,
	},
	{
		ID: "method-override-ignored", Section: sectionHeaders + "X-HTTP-Method-Override", Level: Must, Extension: Core,
		Sentence: "The actual method of the request MUST be ignored.",
		Tested:   "A PATCH with X-HTTP-Method-Override: HEAD stores no bytes.",
		check:    methodIgnored,
	},
}

func integers(c *check, name string) {
	u := c.create(creation{length: 5})
	answers := []answer{c.head(u), c.store(u, 0, "tus"), c.head(u)}
	seen := false
	for _, a := range answers {
		if value := a.header.Get(name); value != "" {
			seen = true
			if _, ok := number(value); !ok {
				c.fail("%s is %q", name, clean(value))
			}
		}
	}
	if !seen {
		c.giveUp("no answer has %s", name)
	}
}

var versionForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]+)?$`) })

func versionList(c *check) {
	a := c.announcedOptions()
	if !a.has(protocol.HeaderVersion) {
		c.giveUp("Tus-Version is not sent")
	}
	versions := elements(a.header, protocol.HeaderVersion)
	for _, version := range versions {
		if !versionForm().MatchString(version) {
			c.fail("Tus-Version has the element %q", clean(version))
		}
	}
	for _, a := range []answer{a, c.post(creation{length: 5})} {
		if used := a.header.Get(protocol.HeaderResumable); used != "" && !slices.Contains(versions, used) {
			c.fail("Tus-Version lacks %q, the Tus-Resumable of an answer", clean(used))
		}
	}
}

// elements returns the elements of a list, including malformed ones.
func elements(h http.Header, name string) []string {
	out := strings.Split(strings.Join(h.Values(name), ","), ",")
	for i, element := range out {
		out[i] = strings.Trim(element, " \t")
	}
	return out
}

// wordList checks that a header is a list of RFC 9110 tokens.
func wordList(c *check, name string) {
	a := c.announcedOptions()
	if !a.has(name) {
		c.skip("%s is not sent", name)
	}
	for _, element := range elements(a.header, name) {
		if !isToken(element) {
			c.fail("%s has the element %q", name, clean(element))
		}
	}
}

func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}

func resumableIncluded(c *check) {
	missing := c.missingURL()
	u := c.create(creation{length: 5})
	for _, look := range []struct {
		what string
		send func() answer
	}{
		{"POST", func() answer { return c.post(creation{length: 5}) }},
		{"HEAD", func() answer { return c.head(u) }},
		{"PATCH", func() answer { return c.patch(u, 0, "tus") }},
		{"PATCH at a wrong offset", func() answer { return c.patch(u, 1, "tu") }},
		{"HEAD of what does not exist", func() answer { return c.head(missing) }},
	} {
		if a := look.send(); !a.has(protocol.HeaderResumable) {
			c.fail("the answer to %s, %d, has no Tus-Resumable", look.what, a.status)
		}
	}
}

func resumableVersion(c *check) {
	u := c.create(creation{length: 5})
	seen := false
	for _, a := range []answer{c.head(u), c.patch(u, 0, "tus")} {
		value := a.header.Get(protocol.HeaderResumable)
		seen = seen || value != ""
		if value != "" && value != protocol.Version && !slices.Contains(c.capabilities.Versions, value) {
			c.fail("Tus-Resumable is %q, which is neither 1.0.0 nor in Tus-Version", clean(value))
		}
	}
	if !seen {
		c.giveUp("no answer has Tus-Resumable")
	}
}

func versionUnsupported(c *check) {
	u := c.create(creation{length: 5})
	head := request{method: http.MethodHead, url: u, version: unsupportedVersion}
	patch := patchRequest(u, 0, "tus")
	patch.version = unsupportedVersion
	for _, r := range []request{head, patch} {
		a := c.send(r)
		if a.status != http.StatusPreconditionFailed {
			c.fail("%s was answered with %d", r.method, a.status)
		}
		if !a.has(protocol.HeaderVersion) {
			c.fail("the answer to %s has no Tus-Version", r.method)
		}
	}
}

func versionNotProcessed(c *check) {
	u := c.create(creation{length: 5})
	patch := patchRequest(u, 0, "tus")
	patch.version = unsupportedVersion
	c.send(patch)
	if n := c.offset(u); n != 0 {
		c.fail("the offset is %d, so the PATCH was processed", n)
	}
}

func extensionOmitted(c *check) {
	a := c.announcedOptions()
	if a.header.Values(protocol.HeaderExtension) != nil && !a.has(protocol.HeaderExtension) {
		c.fail("Tus-Extension is sent and empty")
	}
}

func maxSizeInteger(c *check) {
	a := c.announcedOptions()
	value := a.header.Get(protocol.HeaderMaxSize)
	if value == "" {
		c.skip("Tus-Max-Size is not sent")
	}
	if _, ok := number(value); !ok {
		c.fail("Tus-Max-Size is %q", clean(value))
	}
}

// hugeLength is the largest integer that JavaScript numbers represent exactly.
const hugeLength = 1<<53 - 1

func maxSizeSet(c *check) {
	if c.announcedOptions().has(protocol.HeaderMaxSize) {
		return
	}
	a := c.post(creation{length: hugeLength})
	switch {
	case a.status == http.StatusRequestEntityTooLarge:
		c.fail("an upload of %d bytes is too large, and Tus-Max-Size is not sent", int64(hugeLength))
	case !a.ok():
		// createdBy settles the check: the reason of the refusal is unknown.
		c.createdBy(a)
	}
}

func methodOverride(c *check) {
	u := c.create(creation{length: 5})
	r := patchRequest(u, 0, "tus", protocol.HeaderMethodOverride, http.MethodPatch)
	r.method = http.MethodPost
	if a := c.send(r); !a.ok() {
		c.fail("the server answered with %d", a.status)
	}
	if n := c.offset(u); n != 3 {
		c.fail("the offset is %d, want 3", n)
	}
}

func methodIgnored(c *check) {
	u := c.create(creation{length: 5})
	c.patch(u, 0, "tus", protocol.HeaderMethodOverride, http.MethodHead)
	if n := c.offset(u); n != 0 {
		c.fail("the offset is %d, so the request was processed as a PATCH", n)
	}
}
