package conformance

import (
	"net/http"
	"net/url"

	"github.com/tusker-go/tusker/protocol"
)

const (
	sectionTermination = "Termination"
	sectionDelete      = "Termination, Requests, DELETE"
)

var terminationRules = []Rule{
	{
		ID: "termination-announced", Section: sectionTermination, Level: Must, Extension: protocol.ExtensionTermination, always: true,
		Sentence: "If this extension is supported by the Server, it MUST be announced by adding termination to the Tus-Extension header.",
		Tested:   "If Tus-Extension lacks termination, an upload still exists after DELETE.",
		check: announcement(protocol.ExtensionTermination, func(c *check) bool {
			u := c.create(creation{length: 5})
			return c.terminate(u).ok() && isGone(c.head(u))
		}),
	},
	{
		ID: "termination-status", Section: sectionDelete, Level: Must, Extension: protocol.ExtensionTermination,
		Sentence: "When receiving a DELETE request for an existing upload the Server […] MUST respond with the 204 No Content status confirming that the upload was terminated.",
		Tested:   "DELETE of an unfinished upload and of a complete one.",
		check: func(c *check) {
			for _, data := range []string{"tus", "tuske"} {
				u := c.create(creation{length: 5})
				c.store(u, 0, data)
				if a := c.terminate(u); a.status != http.StatusNoContent {
					c.fail("DELETE of an upload with %d of 5 bytes was answered with %d%s", len(data), a.status, a.firstLine())
				}
			}
		},
	},
	{
		ID: "termination-gone", Section: sectionDelete, Level: Should, Extension: protocol.ExtensionTermination,
		Sentence: "For all future requests to this URL, the Server SHOULD respond with the 404 Not Found or 410 Gone status.",
		Tested:   "HEAD, PATCH and DELETE after a successful DELETE.",
		check: func(c *check) {
			u := c.create(creation{length: 5})
			if a := c.terminate(u); !a.ok() {
				c.giveUp("DELETE was answered with %d%s", a.status, a.firstLine())
			}
			for _, look := range []struct {
				method string
				send   func() answer
			}{
				{http.MethodHead, func() answer { return c.head(u) }},
				{http.MethodPatch, func() answer { return c.patch(u, 0, "tus") }},
				{http.MethodDelete, func() answer { return c.terminate(u) }},
			} {
				if a := look.send(); !isGone(a) {
					c.fail("%s was answered with %d", look.method, a.status)
				}
			}
		},
	},
}

func (c *check) terminate(u *url.URL) answer {
	return c.send(request{method: http.MethodDelete, url: u})
}

func isGone(a answer) bool { return a.status == http.StatusNotFound || a.status == http.StatusGone }
