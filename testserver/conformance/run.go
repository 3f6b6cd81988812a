package conformance

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
)

// Run checks the server with the creation endpoint at endpoint, an http or
// https URL. It returns when all rules have run, ctx has ended, a limit of opts
// is reached, or the server no longer answers. Run always returns a Report;
// rules that were not checked are Unable, and Report.Obstacle gives the reason.
//
// The doer sends each request once. It must not follow redirects, except for
// OPTIONS and HEAD with the same method. A doer that adds credentials must
// respect [transport.IsWithoutCredentials]. A nil doer fails every request.
func Run(ctx context.Context, doer transport.Doer, endpoint string, opts *Options) Report {
	filled := opts.withDefaults()
	rules, err := filled.Protocol.Select(filled.Rules...)
	if err != nil {
		return Report{Protocol: filled.Protocol, Obstacle: err}
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		// The error of url.Parse may contain a secret of the URL.
		return Report{Protocol: filled.Protocol, Obstacle: ErrEndpoint, Results: unableResults(rules, ErrEndpoint.Error())}
	}
	u.Fragment = ""
	filled.Header = withUser(filled.Header, u)
	u.User = nil
	ctx, cancel := context.WithTimeoutCause(ctx, filled.Timeout, ErrOutOfTime)
	defer cancel()

	s := newSession(doer, u, filled)
	s.discover(ctx)
	report := Report{Protocol: filled.Protocol, Endpoint: transport.RedactURL(u), Capabilities: s.capabilities}
	for _, rule := range rules {
		result := s.try(ctx, rule)
		report.Results = append(report.Results, result)
		if filled.OnResult != nil {
			filled.OnResult(result)
		}
	}
	report.Obstacle, report.Requests, report.Left = s.obstacle(), s.requests+s.deletes, s.left
	if report.Obstacle == nil {
		report.Obstacle = report.conclusion()
	}
	return report
}

// withUser adds the user and password of u to h as basic authentication, unless
// h has Authorization.
func withUser(h http.Header, u *url.URL) http.Header {
	if u.User == nil || h.Get("Authorization") != "" {
		return h
	}
	password, _ := u.User.Password()
	r := http.Request{Header: h.Clone()}
	if r.Header == nil {
		r.Header = make(http.Header)
	}
	r.SetBasicAuth(u.User.Username(), password)
	return r.Header
}

func unableResults(rules []Rule, why string) []Result {
	out := make([]Result, len(rules))
	for i, rule := range rules {
		out[i] = Result{Rule: rule, Status: Unable, Why: why}
	}
	return out
}

// discover requests the capabilities of the server.
func (s *session) discover(ctx context.Context) {
	c := &check{session: s, ctx: ctx}
	s.announcement = c.send(request{method: http.MethodOptions, url: s.endpoint, version: s.opts.Protocol.discovery()})
	s.announced = c.log
	if c.status != "" {
		s.unknown, s.silent = c.why, c.unanswered
		return
	}
	a := s.announcement
	if v := s.opts.Protocol.version(); v != 0 {
		// A rule checks for a malformed or missing field.
		if limits := v.ParseResponse(a.status, a.header).Limits; limits != nil {
			s.limits = *limits
		}
		return
	}
	if a.status != http.StatusOK && a.status != http.StatusNoContent {
		s.unknown = fmt.Sprintf("OPTIONS answered %d, so what the server announces is not known", a.status)
		return
	}
	// A rule checks for malformed headers, so the error is ignored and the
	// valid headers are used.
	s.capabilities, _ = protocol.ParseCapabilities(a.header)
}

// try runs one rule and deletes its uploads.
func (s *session) try(ctx context.Context, rule Rule) Result {
	c := &check{session: s, ctx: ctx, rule: rule}
	switch {
	case s.stopped != nil:
		// Report.Obstacle has the details.
		c.giveUp("not tried: %v", obstacleKind(s.stopped))
	case rule.Extension == Core, s.opts.Protocol != Tus:
	case s.unknown != "":
		c.giveUp("%s", s.unknown)
	case !rule.always && !s.capabilities.Has(rule.Extension):
		c.skip("%s is not announced", rule.Extension)
	}
	if c.status == "" {
		rule.check(c)
	}
	c.cleanUp(ctx)
	result := Result{Rule: rule, Status: c.status, Why: s.conceal(c.why), Unanswered: c.unanswered}
	if result.Status == "" {
		result.Status = Pass
	}
	result.Sent, result.Got = c.transcript()
	return result
}
