package conformance

import (
	"net/http"

	"github.com/tusker-go/tusker/protocol"
)

const sectionOptions = "Core Protocol, Requests, OPTIONS"

var optionsRules = []Rule{
	{
		ID: "options-version", Section: sectionOptions, Level: Must, Extension: Core,
		Sentence: "A successful response indicated by the 204 No Content or 200 OK status MUST contain the Tus-Version header.",
		Tested:   "OPTIONS at the endpoint.",
		check: func(c *check) {
			if a := c.announcedOptions(); !a.has(protocol.HeaderVersion) {
				c.fail("the answer has no Tus-Version")
			}
		},
	},
	{
		ID: "options-resumable-ignored", Section: sectionOptions, Level: Must, Extension: Core,
		Sentence: "The Client SHOULD NOT include the Tus-Resumable header in the request and the Server MUST ignore the header.",
		Tested:   "OPTIONS with Tus-Resumable: 99.99.99 gets the same answer as OPTIONS without it.",
		check:    optionsIgnores,
	},
}

func optionsIgnores(c *check) {
	without := c.announcedOptions()
	with := c.send(request{method: http.MethodOptions, url: c.endpoint, version: unsupportedVersion})
	if with.status != without.status {
		c.fail("the server answered with %d, and with %d without the header", with.status, without.status)
	}
	for _, name := range []string{protocol.HeaderVersion, protocol.HeaderExtension} {
		if a, b := with.header.Get(name), without.header.Get(name); a != b {
			c.fail("%s is %q, and %q without the header", name, clean(a), clean(b))
		}
	}
}
