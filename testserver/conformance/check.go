package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tusker-go/tusker/protocol"
)

const (
	// settle is how long the server may take for what it does after an
	// answer: to notice that a connection ended, to join parts.
	settle = 3 * time.Second

	// step is between two looks at it.
	step = 200 * time.Millisecond
)

// check is one run of a rule. Once it is settled, what the rule still does is
// void: requests are not sent and give the zero answer, and no later verdict
// counts. So a rule reads from top to bottom.
type check struct {
	*session
	ctx  context.Context
	rule Rule

	status Status // "": not settled
	why    string
	log    []exchange
	made   []*url.URL // uploads to delete
}

func (c *check) settled() bool { return c.status != "" }

func (c *check) settleWith(s Status, format string, args ...any) {
	if !c.settled() {
		c.status, c.why = s, fmt.Sprintf(format, args...)
	}
}

// wrong says that the server does not keep to the rule.
func (c *check) wrong(format string, args ...any) {
	status := Warn
	if c.rule.Level.binding() {
		status = Fail
	}
	c.settleWith(status, format, args...)
}

func (c *check) unable(format string, args ...any) { c.settleWith(Unable, format, args...) }
func (c *check) skip(format string, args ...any)   { c.settleWith(Skip, format, args...) }

// send sends r. A request without an answer that could be judged makes the rule
// unable.
func (c *check) send(r request) answer {
	if c.settled() {
		return answer{}
	}
	a, err := c.exchange(c.ctx, r)
	c.log = append(c.log, exchange{c.describe(r), c.summary(a, err)})
	if r.method == http.MethodPost && a.ok() {
		c.note(a)
	}
	if err != nil {
		c.unable("%v", err)
		return answer{}
	}
	return a
}

// note remembers an upload that was created, wanted or not.
func (c *check) note(a answer) {
	if u := c.location(a); u != nil && !slices.ContainsFunc(c.made, func(m *url.URL) bool { return *m == *u }) {
		c.made = append(c.made, u)
	}
}

// location gives where the created upload is, nil where that is not said.
func (s *session) location(a answer) *url.URL {
	if !a.has(protocol.HeaderLocation) {
		return nil
	}
	u, err := s.endpoint.Parse(a.header.Get(protocol.HeaderLocation))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil
	}
	return u
}

// announcedOptions gives the answer to OPTIONS that the run began with.
func (c *check) announcedOptions() answer {
	if c.settled() {
		return answer{}
	}
	c.log = append(c.log, c.announced...)
	a := c.announcement
	switch {
	case a.status == 0:
		c.unable("%s", c.unknown)
	case a.status != http.StatusOK && a.status != http.StatusNoContent:
		c.unable("OPTIONS answered %d, which is neither 200 nor 204", a.status)
	}
	return a
}

// creation describes the upload that a rule wants.
type creation struct {
	length   int64  // in bytes
	deferred bool   // the length is named later
	metadata string // Upload-Metadata
	concat   string // Upload-Concat
	body     []byte
	version  string
}

// post asks for an upload. The answer may be a refusal.
func (c *check) post(want creation) answer {
	r := request{method: http.MethodPost, url: c.endpoint, version: want.version, body: want.body}
	set := func(name, value string) { r.header = append(r.header, name, value) }
	switch {
	case want.deferred:
		set(protocol.HeaderUploadDeferLength, "1")
	case !strings.HasPrefix(want.concat, "final"):
		set(protocol.HeaderUploadLength, strconv.FormatInt(want.length, 10))
	}
	if metadata := c.metadata(want.metadata); metadata != "" {
		set(protocol.HeaderUploadMetadata, metadata)
	}
	if want.concat != "" {
		set(protocol.HeaderUploadConcat, want.concat)
	}
	if want.body != nil {
		set(protocol.HeaderContentType, protocol.ContentType)
	}
	return c.send(r)
}

// metadata adds what the caller wants in each creation.
func (s *session) metadata(own string) string {
	var pairs []string
	if own != "" {
		pairs = append(pairs, own)
	}
	for _, key := range slices.Sorted(maps.Keys(s.opts.Metadata)) {
		pairs = append(pairs, key+" "+encoded(s.opts.Metadata[key]))
	}
	return strings.Join(pairs, ",")
}

// create makes the upload that a rule starts from.
func (c *check) create(want creation) *url.URL {
	a := c.post(want)
	if c.settled() {
		return nil
	}
	return c.createdBy(a)
}

// createdBy gives the upload that an answer to POST is about. Without one the
// rule is unable.
func (c *check) createdBy(a answer) *url.URL {
	if c.settled() {
		return nil
	}
	if !a.ok() {
		c.refused = fmt.Sprintf("it answered POST with %d%s", a.status, a.words())
		c.unable("no upload could be created: POST was answered with %d%s", a.status, a.words())
		return nil
	}
	u := c.location(a)
	if u == nil {
		c.refused = fmt.Sprintf("it answered POST with %d, without a Location", a.status)
		c.unable("no upload could be created: POST was answered with %d, without a Location of use", a.status)
		return nil
	}
	c.created = true
	return u
}

func (c *check) head(u *url.URL) answer {
	return c.send(request{method: http.MethodHead, url: u})
}

// patch sends data, with more headers where given. The answer may be a refusal.
func (c *check) patch(u *url.URL, offset int64, data string, header ...string) answer {
	return c.send(patchRequest(u, offset, data, header...))
}

func patchRequest(u *url.URL, offset int64, data string, header ...string) request {
	return request{
		method: http.MethodPatch, url: u, body: []byte(data),
		header: append([]string{
			protocol.HeaderContentType, protocol.ContentType,
			protocol.HeaderUploadOffset, strconv.FormatInt(offset, 10),
		}, header...),
	}
}

// store is a PATCH that has to succeed for the rule to go on.
func (c *check) store(u *url.URL, offset int64, data string, header ...string) answer {
	a := c.patch(u, offset, data, header...)
	if !c.settled() && !a.ok() {
		c.unable("PATCH was answered with %d%s", a.status, a.words())
	}
	return a
}

// offset asks for the offset that the server has. Without one the rule is unable.
func (c *check) offset(u *url.URL) int64 {
	a := c.head(u)
	if c.settled() {
		return 0
	}
	n, ok := number(a.header.Get(protocol.HeaderUploadOffset))
	if !ok || !a.ok() {
		c.unable("HEAD was answered with %d and Upload-Offset %q, so the offset is not known", a.status, clean(a.header.Get(protocol.HeaderUploadOffset)))
	}
	return n
}

// number reads a non-negative integer as the specification writes them.
func number(value string) (int64, bool) {
	n, err := strconv.ParseInt(value, 10, 64)
	return n, err == nil && strings.Trim(value, "0123456789") == ""
}

// absent gives the URL of an upload that does not exist, which looks like one
// that does.
func (c *check) absent() *url.URL {
	u := c.create(creation{length: 5})
	if u == nil {
		return nil
	}
	absent := *u
	path := []byte(u.EscapedPath())
	changed := false
	for i := bytes.LastIndexByte(path, '/') + 1; i < len(path); i++ {
		switch b := path[i]; {
		case b == '%': // and what it escapes
			i += 2
		case b >= '0' && b <= '9':
			path[i], changed = '9'-(b-'0'), true
		case b >= 'a' && b <= 'f':
			path[i], changed = 'f'-(b-'a'), true
		}
	}
	if !changed {
		path = append(path, '0')
	}
	unescaped, err := url.PathUnescape(string(path))
	if err != nil {
		c.unable("no URL could be made that has no upload")
		return nil
	}
	absent.Path, absent.RawPath = unescaped, string(path)
	return &absent
}

// content reads an upload back where the server allows it, which the
// specification leaves to it.
func (c *check) content(u *url.URL) (string, bool) {
	a := c.send(request{method: http.MethodGet, url: u})
	return string(a.body), a.status == http.StatusOK
}

// until looks, for as long as the server may take, until look is content or the
// rule is settled. Of all looks, the last one is in the transcript.
func (c *check) until(look func() bool) {
	for waited := time.Duration(0); ; waited += step {
		before := len(c.log)
		if look() || c.settled() || waited >= settle {
			return
		}
		c.log = c.log[:before]
		if err := pause(c.ctx, step); err != nil {
			c.unable("%v", c.stop(err))
			return
		}
	}
}

// cleanUp deletes what the rule made, the latest first, also when time is up.
func (c *check) cleanUp(ctx context.Context) {
	if !c.capabilities.Has(protocol.ExtensionTermination) || errors.Is(c.stopped, ErrNoAnswer) {
		c.left += len(c.made)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.opts.RequestTimeout)
	defer cancel()
	for _, u := range slices.Backward(c.made) {
		c.deletes++
		a, err := c.roundTrip(ctx, request{method: http.MethodDelete, url: u})
		if err != nil || !a.ok() && !isGone(a) {
			c.left++
		}
	}
}
