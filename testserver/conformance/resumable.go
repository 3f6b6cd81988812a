package conformance

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

const (
	// smallUnit is the number of bytes in an append of a rule.
	smallUnit = 8

	// largeUnit is the number of bytes that a transport sends without a wait for more, and
	// the unit of requests that break off or wait.
	largeUnit = 8 << 10

	// largestUnit is the largest unit that limits of a server can demand.
	largestUnit = 64 << 10
)

// resumable is a check of RUFH.
type resumable struct{ *check }

// resumably makes the check of a rule of RUFH.
func resumably(run func(c resumable)) func(*check) {
	return func(c *check) { run(resumable{c}) }
}

func (c resumable) version() rufh.Version { return c.opts.Protocol.version() }

// parse returns the fields of an answer.
func (c resumable) parse(a answer) rufh.Response {
	return c.version().ParseResponse(a.status, a.header)
}

// content returns n units of bytes. A unit has at least size bytes, and as many as the limits
// of the server demand.
func (c resumable) content(n, size int) []byte {
	limits := c.limits
	unit := max(int64(size), limits.MinRequest, limits.MinUpload)
	if unit > largestUnit || limits.MaxRequest > 0 && int64(n)*unit > limits.MaxRequest || limits.MaxUpload > 0 && int64(n)*unit > limits.MaxUpload {
		c.giveUp("the limits of the server do not allow an upload with requests of %d bytes", unit)
		return nil
	}
	return bytes.Repeat([]byte("tusker--"), n*int(unit+smallUnit-1)/smallUnit)[:n*int(unit)]
}

// part returns a unit of a few bytes.
func (c resumable) part() []byte { return c.content(1, smallUnit) }

// draft describes an upload to create.
type draft struct {
	complete bool            // the body is the whole representation
	length   protocol.Length // Upload-Length, since version 6; the zero value: none
	body     []byte
	header   []string // names and values alternate; they replace other fields
}

// creation returns the request that creates an upload.
func (c resumable) creation(d draft) request {
	h := http.Header{}
	if err := (rufh.Creation{Version: c.version(), Complete: d.complete, Length: d.length, Type: "application/octet-stream"}).SetHeader(h); err != nil {
		c.giveUp("%v", err)
	}
	h.Del(rufh.HeaderInteropVersion)
	return request{method: http.MethodPost, url: c.endpoint, header: append(ordered(h), d.header...), body: d.body}
}

// post sends a creation. The answer may be a refusal.
func (c resumable) post(d draft) answer {
	if c.isSettled() {
		return answer{}
	}
	return c.send(c.creation(d))
}

// create creates an upload and returns its URL, also if its answer says an error that is not
// about the rule. Without a URL, the rule is Unable.
func (c resumable) create(d draft) *url.URL {
	a := c.post(d)
	if c.isSettled() {
		return nil
	}
	return c.createdFrom(a)
}

// createdFrom returns the URL of the upload that a creation created.
func (c resumable) createdFrom(a answer) *url.URL {
	if c.isSettled() {
		return nil
	}
	u := c.resource(a)
	c.ordinary = c.ordinary || a.ok() && !c.opts.Protocol.isKnownBy(a)
	switch {
	case u == nil && a.ok():
		c.refused = fmt.Sprintf("it answered POST with %d, without a Location", a.status)
		c.giveUp("no upload could be created: POST was answered with %d, without a valid Location", a.status)
	case u == nil || !a.ok():
		c.refused = fmt.Sprintf("it answered POST with %d%s", a.status, a.firstLine())
		c.giveUp("no upload could be created: POST was answered with %d%s", a.status, a.firstLine())
		return nil
	}
	return u
}

// careful creates an upload without content, of a known length if the version can declare it.
func (c resumable) careful(length int) *url.URL {
	d := draft{}
	if length > 0 {
		d.length = protocol.Known(int64(length))
	}
	return c.create(d)
}

// appendRequest returns the request that appends to an upload.
func (c resumable) appendRequest(u *url.URL, offset int, complete bool, body []byte, header ...string) request {
	h := http.Header{}
	if err := (rufh.Append{Version: c.version(), Offset: int64(offset), Complete: complete}).SetHeader(h); err != nil {
		c.giveUp("%v", err)
	}
	h.Del(rufh.HeaderInteropVersion)
	return request{method: http.MethodPatch, url: u, header: append(ordered(h), header...), body: body}
}

// append sends an append. The answer may be a refusal.
func (c resumable) append(u *url.URL, offset int, complete bool, body []byte, header ...string) answer {
	if c.isSettled() {
		return answer{}
	}
	return c.send(c.appendRequest(u, offset, complete, body, header...))
}

// store appends to an upload without bytes, which has to succeed. Otherwise, the rule is
// Unable.
func (c resumable) store(u *url.URL, complete bool, body []byte) answer {
	a := c.append(u, 0, complete, body)
	if !c.isSettled() && !a.ok() {
		c.giveUp("PATCH was answered with %d%s", a.status, a.firstLine())
	}
	return a
}

func (c resumable) head(u *url.URL) answer {
	if c.isSettled() {
		return answer{}
	}
	return c.send(request{method: http.MethodHead, url: u})
}

// state returns the answer to a successful HEAD with an offset. Otherwise, the rule is Unable.
func (c resumable) state(u *url.URL) (offset int, r rufh.Response) {
	a := c.head(u)
	if c.isSettled() {
		return 0, rufh.Response{}
	}
	r = c.parse(a)
	n, known := r.Offset.Int64()
	if !a.ok() || !known {
		c.giveUp("HEAD was answered with %d and Upload-Offset %q, so the offset is not known", a.status, clean(a.header.Get(rufh.HeaderUploadOffset)))
	}
	return int(n), r
}

func (c resumable) remove(u *url.URL) answer {
	if c.isSettled() {
		return answer{}
	}
	return c.send(request{method: http.MethodDelete, url: u})
}

// isRefused reports whether the answer refuses a request for good.
func (a answer) isRefused() bool { return a.status >= 400 && a.status < 500 }

// isComplete reports whether a says that the upload is complete.
func (c resumable) isComplete(a answer) bool { return c.parse(a).Complete == rufh.Complete }

// resource returns the URL of the upload of a creation: the Location of a 104, or else of the
// final answer, unless that comes from the target. nil: there is none.
func (c *check) resource(a answer) *url.URL {
	for _, i := range a.interim {
		if i.isResumption() && i.location() != "" {
			return c.location(answer{header: i.header})
		}
	}
	v := c.opts.Protocol.version()
	if a.status == 0 || !a.ok() || v.ParseResponse(a.status, a.header).Complete == rufh.Complete && v >= 7 {
		return nil
	}
	return c.location(a)
}

// addResource records the upload of a creation, so that cleanUp deletes it.
func (c *check) addResource(a answer) {
	u := c.resource(a)
	if u == nil {
		return
	}
	if c.opts.Protocol.isKnownBy(a) {
		c.created = true
	}
	if !c.isUpload(u) && u.String() != c.endpoint.String() {
		c.uploads = append(c.uploads, u)
	}
}

// announcements returns the 104s of an answer.
func announcements(a answer) []interim {
	var out []interim
	for _, i := range a.interim {
		if i.isResumption() {
			out = append(out, i)
		}
	}
	return out
}

// ordered returns the names and values of the fields of h in a fixed order.
func ordered(h http.Header) []string {
	var out []string
	for _, name := range []string{
		rufh.HeaderUploadComplete, rufh.HeaderUploadIncomplete, rufh.HeaderUploadOffset, rufh.HeaderUploadLength, protocol.HeaderContentType,
	} {
		if value := h.Get(name); value != "" {
			out = append(out, name, value)
		}
	}
	return out
}

// flight is a request in progress.
type flight struct {
	request request       // without held: it was not sent
	done    chan struct{} // closed at the end
	got     answer        // zero without an answer
}

// start sends a request whose body waits. The rule must end it with land.
func (c resumable) start(r request) *flight {
	if c.isSettled() || c.stopped != nil {
		return &flight{}
	}
	f := &flight{request: r, done: make(chan struct{})}
	c.requests++
	go func() {
		defer close(f.done)
		f.got, _ = c.roundTrip(c.ctx, r)
	}()
	// The bytes before the wait need time to reach the server.
	if err := pause(c.ctx, flushTime); err != nil {
		c.giveUp("%v", c.stop(err))
	}
	return f
}

// land ends the wait of a request, and returns its answer. The zero answer: it got none.
func (c resumable) land(f *flight) answer {
	if f.request.held == nil {
		return answer{}
	}
	f.request.held.release()
	<-f.done
	c.record(f.request, f.got, nil)
	return f.got
}

// excerpt returns the value of a field for a message.
func excerpt(a answer, name string) string {
	if !a.has(name) {
		return "no " + name
	}
	return name + " " + strings.TrimSpace(clean(a.header.Get(name)))
}
