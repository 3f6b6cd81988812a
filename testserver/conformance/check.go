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
	"github.com/tusker-go/tusker/transport"
)

const (
	// settleTime is how long the server may take for work after an answer, such
	// as noticing the end of a connection or joining parts.
	settleTime = 3 * time.Second

	// pollInterval is the time between two requests that wait for such work.
	pollInterval = 200 * time.Millisecond
)

// check is one run of a rule. After the first verdict, the remaining steps of
// the rule have no effect: requests are not sent and return the zero answer,
// and later verdicts are ignored. A rule therefore needs no returns between its
// steps.
type check struct {
	*session
	ctx  context.Context
	rule Rule

	status  Status // "": no verdict yet
	why     string
	log     []exchange
	uploads []*url.URL // uploads to delete

	unanswered bool // the check is Unable because a request got no answer
}

func (c *check) isSettled() bool { return c.status != "" }

func (c *check) settleWith(s Status, format string, args ...any) {
	if !c.isSettled() {
		c.status, c.why = s, fmt.Sprintf(format, args...)
	}
}

// fail settles the check: the server breaks the rule, which is Fail or Warn by
// the level of the rule.
func (c *check) fail(format string, args ...any) {
	status := Warn
	if c.rule.Level.binding() {
		status = Fail
	}
	c.settleWith(status, format, args...)
}

func (c *check) giveUp(format string, args ...any) { c.settleWith(Unable, format, args...) }
func (c *check) skip(format string, args ...any)   { c.settleWith(Skip, format, args...) }

// send sends r. If the request gets no answer that can be judged, the rule is
// Unable.
func (c *check) send(r request) answer {
	if c.isSettled() {
		return answer{}
	}
	a, err := c.exchange(c.ctx, r)
	c.record(r, a, err)
	if err != nil {
		c.unanswered = errors.Is(err, ErrNoAnswer)
		c.giveUp("%v", err)
		return answer{}
	}
	return a
}

// record adds an exchange to the transcript, and notes its upload.
func (c *check) record(r request, a answer, err error) {
	c.log = append(c.log, exchange{c.describe(r), c.summary(a, err)})
	switch {
	case c.opts.Protocol != Tus:
		if r.method == http.MethodPost {
			c.addResource(a)
		}
	case r.method == http.MethodPost && a.ok():
		c.addUpload(a)
	}
	c.locate(r, a, err)
}

// locate notes whether a request to an upload of the rule reached it. If the
// first requests do not, locate stops the run.
func (c *check) locate(r request, a answer, err error) {
	if c.reached || c.stopped != nil || !c.isUpload(r.url) {
		return
	}
	switch {
	case a.status == 0 && err == nil: // a cut request
		return
	case err == nil && a.ok(), err == nil && c.opts.Protocol.isKnownBy(a) && !isGone(a):
		c.reached = true
		return
	}
	if c.lost++; c.lost < maxLost {
		return
	}
	if err == nil {
		err = fmt.Errorf("it answered %s with %d%s", r.method, a.status, c.conceal(a.firstLine()))
	}
	_ = c.stop(&misplacedError{url: c.conceal(clean(transport.RedactURL(r.url))), latest: err})
}

// misplacedError is ErrMisplaced with the error of the last request to an upload.
type misplacedError struct {
	url    string
	latest error
}

func (e *misplacedError) Error() string {
	return fmt.Sprintf("%v: %s: %v", ErrMisplaced, e.url, e.latest)
}
func (e *misplacedError) Unwrap() []error { return []error{ErrMisplaced, e.latest} }

// addUpload records the upload of a successful creation, so that cleanUp
// deletes it.
func (c *check) addUpload(a answer) {
	if u := c.location(a); u != nil && !c.isUpload(u) {
		c.uploads = append(c.uploads, u)
	}
}

// isUpload reports whether the rule has created the upload at u.
func (c *check) isUpload(u *url.URL) bool {
	return slices.ContainsFunc(c.uploads, func(m *url.URL) bool { return m.String() == u.String() })
}

// location returns the URL of the created upload. nil: the answer has no valid
// Location.
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

// announcedOptions returns the answer to the OPTIONS request at the start of
// the run.
func (c *check) announcedOptions() answer {
	if c.isSettled() {
		return answer{}
	}
	c.log = append(c.log, c.announced...)
	a := c.announcement
	switch {
	case a.status == 0:
		c.unanswered = c.silent
		c.giveUp("%s", c.unknown)
	case a.status != http.StatusOK && a.status != http.StatusNoContent:
		c.giveUp("OPTIONS answered %d, which is neither 200 nor 204", a.status)
	}
	return a
}

// creation describes an upload to create.
type creation struct {
	length   int64  // in bytes
	deferred bool   // the length is declared later
	metadata string // Upload-Metadata
	concat   string // Upload-Concat
	body     []byte
	version  string
}

// post sends a creation. The answer may be a refusal.
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

// metadata returns Upload-Metadata with the pairs of the rule and those of
// Options.Metadata.
func (s *session) metadata(own string) string {
	var pairs []string
	if own != "" {
		pairs = append(pairs, own)
	}
	for _, key := range slices.Sorted(maps.Keys(s.opts.Metadata)) {
		pairs = append(pairs, key+" "+encodeBase64(s.opts.Metadata[key]))
	}
	return strings.Join(pairs, ",")
}

// create creates an upload.
func (c *check) create(want creation) *url.URL {
	a := c.post(want)
	if c.isSettled() {
		return nil
	}
	return c.createdBy(a)
}

// createdBy returns the URL of the upload that a creation created. Without a
// URL, the rule is Unable.
func (c *check) createdBy(a answer) *url.URL {
	if c.isSettled() {
		return nil
	}
	if !a.ok() {
		c.refused = fmt.Sprintf("it answered POST with %d%s", a.status, a.firstLine())
		c.giveUp("no upload could be created: POST was answered with %d%s", a.status, a.firstLine())
		return nil
	}
	u := c.location(a)
	if u == nil {
		c.refused = fmt.Sprintf("it answered POST with %d, without a Location", a.status)
		c.giveUp("no upload could be created: POST was answered with %d, without a valid Location", a.status)
		return nil
	}
	c.created = true
	return u
}

func (c *check) head(u *url.URL) answer {
	return c.send(request{method: http.MethodHead, url: u})
}

// patch sends data with optional headers. The answer may be a refusal.
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

// store is patch for a step that has to succeed. Otherwise, the rule is Unable.
func (c *check) store(u *url.URL, offset int64, data string, header ...string) answer {
	a := c.patch(u, offset, data, header...)
	if !c.isSettled() && !a.ok() {
		c.giveUp("PATCH was answered with %d%s", a.status, a.firstLine())
	}
	return a
}

// offset requests the offset of an upload. Without an offset, the rule is
// Unable.
func (c *check) offset(u *url.URL) int64 {
	a := c.head(u)
	if c.isSettled() {
		return 0
	}
	n, ok := number(a.header.Get(protocol.HeaderUploadOffset))
	if !ok || !a.ok() {
		c.giveUp("HEAD was answered with %d and Upload-Offset %q, so the offset is not known", a.status, clean(a.header.Get(protocol.HeaderUploadOffset)))
	}
	return n
}

// number parses a non-negative integer in the format of the specification.
func number(value string) (int64, bool) {
	n, err := strconv.ParseInt(value, 10, 64)
	return n, err == nil && strings.Trim(value, "0123456789") == ""
}

// missingURL returns a URL without an upload. It has the form of an upload URL
// of this server.
func (c *check) missingURL() *url.URL {
	u := c.create(creation{length: 5})
	if u == nil {
		return nil
	}
	absent := *u
	path := []byte(u.EscapedPath())
	changed := false
	for i := bytes.LastIndexByte(path, '/') + 1; i < len(path); i++ {
		switch b := path[i]; {
		case b == '%': // skip the two digits of the escape
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
		c.giveUp("no URL without an upload could be derived")
		return nil
	}
	absent.Path, absent.RawPath = unescaped, string(path)
	return &absent
}

// content reads an upload with GET. ok is false if the server does not allow
// GET, which the specification does not define.
func (c *check) content(u *url.URL) (string, bool) {
	a := c.send(request{method: http.MethodGet, url: u})
	return string(a.body), a.status == http.StatusOK
}

// poll calls done until it returns true, the check has a verdict, or settleTime
// is over. The transcript contains the last call only.
func (c *check) poll(done func() bool) {
	for waited := time.Duration(0); ; waited += pollInterval {
		before := len(c.log)
		if done() || c.isSettled() || waited >= settleTime {
			return
		}
		c.log = c.log[:before]
		if err := pause(c.ctx, pollInterval); err != nil {
			c.giveUp("%v", c.stop(err))
			return
		}
	}
}

// cleanUp deletes the uploads of the rule, the latest first, even if the time
// of the run is over.
func (c *check) cleanUp(ctx context.Context) {
	if c.opts.Protocol == Tus && !c.capabilities.Has(protocol.ExtensionTermination) || errors.Is(c.stopped, ErrNoAnswer) {
		c.left += len(c.uploads)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.opts.RequestTimeout)
	defer cancel()
	for _, u := range slices.Backward(c.uploads) {
		c.deletes++
		a, err := c.roundTrip(ctx, request{method: http.MethodDelete, url: u})
		// A 404 for an upload that was never reached says nothing about it.
		if err != nil || !a.ok() && (!isGone(a) || !c.reached) {
			c.left++
		}
	}
}
