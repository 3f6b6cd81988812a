package conformance

import (
	"net/http"
	"net/url"
	"time"

	"github.com/tusker-go/tusker/protocol"
)

const (
	sectionExpiration = "Expiration"
	sectionExpires    = "Expiration, Headers, Upload-Expires"
)

var expirationRules = []Rule{
	{
		ID: "expiration-announced", Section: sectionExpiration, Level: Must, Extension: protocol.ExtensionExpiration, always: true,
		Sentence: "The Server MAY remove unfinished uploads once they expire. In order to indicate this behavior to the Client, the Server MUST add expiration to the Tus-Extension header.",
		Tested:   "If Tus-Extension lacks expiration, no answer to POST, HEAD or PATCH has Upload-Expires.",
		check: announcement(protocol.ExtensionExpiration, func(c *check) bool {
			l := c.expiringUpload()
			return l.posted != "" || l.headed != "" || l.patched != ""
		}),
	},
	{
		ID: "expires-patch", Section: sectionExpires, Level: Must, Extension: protocol.ExtensionExpiration,
		Sentence: "This header MUST be included in every PATCH response if the upload is going to expire.",
		Tested:   "The answers to two PATCH requests of an incomplete upload have Upload-Expires, if an answer to POST, HEAD or PATCH shows that the upload expires.",
		check: func(c *check) {
			l := c.expiringUpload()
			again := c.store(l.url, 3, "k").header.Get(protocol.HeaderUploadExpires)
			if l.posted == "" && l.headed == "" && l.patched == "" && again == "" {
				c.giveUp("no answer shows that the upload expires")
			}
			if l.patched == "" || again == "" {
				c.fail("an answer to PATCH has no Upload-Expires, and another answer has it")
			}
		},
	},
	{
		ID: "expires-creation", Section: sectionExpires, Level: Must, Extension: protocol.ExtensionExpiration,
		Sentence: "If the expiration is known at the creation, the Upload-Expires header MUST be included in the response to the initial POST request.",
		Tested:   "The answer to POST has Upload-Expires if the answer to the following HEAD has it.",
		check: func(c *check) {
			l := c.expiringUpload()
			if l.posted == "" && l.headed == "" {
				c.giveUp("neither POST nor HEAD shows that the expiration is known")
			}
			if l.posted == "" {
				c.fail("the answer to HEAD has Upload-Expires, and the answer to POST does not")
			}
		},
	},
	{
		ID: "expired-status", Section: sectionExpires, Level: Should, Extension: protocol.ExtensionExpiration,
		Sentence: "If a Client does attempt to resume an upload which has since been removed by the Server, the Server SHOULD respond with the 404 Not Found or 410 Gone status.",
		Tested:   "HEAD and PATCH of an upload after Upload-Expires, if that time is within the longest wait.",
		check:    expiredStatus,
	},
	{
		ID: "expires-format", Section: sectionExpires, Level: Must, Extension: protocol.ExtensionExpiration,
		Sentence: "The value of the Upload-Expires header MUST be in RFC 9110 datetime format.",
		Tested:   "Upload-Expires in the answers to POST, HEAD and PATCH, if it is sent, has the form Wed, 25 Jun 2014 16:00:00 GMT, which RFC 9110 requires of senders.",
		check: func(c *check) {
			l := c.expiringUpload()
			if l.posted == "" && l.headed == "" && l.patched == "" {
				c.giveUp("no answer has Upload-Expires")
			}
			for _, value := range []string{l.posted, l.headed, l.patched} {
				at, err := time.Parse(http.TimeFormat, value)
				if value != "" && (err != nil || at.Format(http.TimeFormat) != value) {
					c.fail("Upload-Expires is %q", clean(value))
				}
			}
		},
	},
}

// expiringUpload is an incomplete upload, with Upload-Expires of the answers to
// POST, HEAD and PATCH, in this order.
type expiringUpload struct {
	url                     *url.URL
	posted, headed, patched string
}

func (c *check) expiringUpload() expiringUpload {
	created := c.post(creation{length: 5})
	l := expiringUpload{url: c.createdBy(created), posted: created.header.Get(protocol.HeaderUploadExpires)}
	l.headed = c.head(l.url).header.Get(protocol.HeaderUploadExpires)
	l.patched = c.store(l.url, 0, "tus").header.Get(protocol.HeaderUploadExpires)
	return l
}

func expiredStatus(c *check) {
	l := c.expiringUpload()
	if c.isSettled() {
		return
	}
	var at time.Time
	for _, value := range []string{l.posted, l.headed, l.patched} {
		if t, err := protocol.ParseExpires(value); err == nil {
			at = t
		}
	}
	if at.IsZero() {
		c.giveUp("no answer has an Upload-Expires in a valid format")
		return
	}
	// Upload-Expires has no fraction of a second, so one second is added.
	wait := time.Until(at) + time.Second
	if wait > c.opts.MaxWait {
		c.giveUp("the upload expires in %v, which is longer than the longest wait, %v", wait.Round(time.Second), c.opts.MaxWait)
		return
	}
	if err := pause(c.ctx, wait); err != nil {
		c.giveUp("%v", c.stop(err))
		return
	}
	for _, a := range []answer{c.head(l.url), c.patch(l.url, 3, "k")} {
		switch {
		case a.ok():
			c.giveUp("the upload still exists after its expiration time, which is allowed")
		case a.status != http.StatusNotFound && a.status != http.StatusGone:
			c.fail("the server answered with %d", a.status)
		}
	}
}
