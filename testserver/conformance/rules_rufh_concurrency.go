package conformance

import "net/url"

// startAppend starts a PATCH at offset 0 that waits in the middle of its body.
func (c resumable) startAppend(u *url.URL, body []byte) *flight {
	if c.isSettled() {
		return &flight{}
	}
	r := c.appendRequest(u, 0, false, body)
	r.held = newHeld(len(body)/2, nil)
	return c.start(r)
}

// expectEnd fails the rule if the request of method, which a answers, did not succeed and
// end f. The rest of f is sent after a, because transports of clients notice an end only when
// they write.
func (c resumable) expectEnd(f *flight, a answer, method string) {
	switch {
	case a.redirect != "":
		c.giveUp("%s was answered with %d, which another rule judges", method, a.status)
	case !c.isSettled() && !a.ok():
		c.fail("%s was answered with %d while a PATCH waited", method, a.status)
	}
	if first := c.land(f); first.ok() {
		c.fail("the PATCH was answered with %d after %s", first.status, method)
	}
}

func concurrentAppends(c resumable) {
	body := c.content(2, largeUnit)
	u := c.careful(0)
	f := c.startAppend(u, body)
	second := c.append(u, 0, false, body[:len(body)/2])
	if c.isSettled() {
		c.land(f)
		return
	}
	first := c.land(f)
	n, _ := c.state(u)
	switch {
	case c.isSettled():
	case first.ok() && second.ok():
		c.fail("both PATCHes succeeded")
	case first.ok() && n != len(body):
		c.fail("the first PATCH succeeded, and the offset is %d instead of %d", n, len(body))
	case second.ok() && n != len(body)/2:
		c.fail("the second PATCH succeeded, and the offset is %d instead of %d", n, len(body)/2)
	}
}
