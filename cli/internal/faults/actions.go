package faults

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/testserver/rufhserver"
)

// parser reads the arguments of an action from the front of w.
type parser func(w *words) (testserver.Action, error)

// action is one action of --fault.
type action struct {
	name string
	args string // arguments in the help
	doc  string // effect, and servers with this effect

	parse parser // for tus; nil: the action is for RUFH only
	rufh  parser // for RUFH; nil: that for tus
}

// parserFor returns the parser for a protocol. nil: the action is not for it.
func (a action) parserFor(p Protocol) parser {
	if p == RUFH && a.rufh != nil {
		return a.rufh
	}
	return a.parse
}

func (a action) usage() string { return strings.TrimSpace(a.name + " " + a.args) }

var actions = slices.Concat(commonActions, interimActions)

var commonActions = []action{
	{
		name: "reset", doc: "the connection is lost before the request, as if a proxy restarts",
		parse: func(*words) (testserver.Action, error) { return testserver.Reset(), nil },
	},
	{
		name: "cut", args: "SIZE", doc: "the connection is lost after SIZE of the body, which is stored, as if a cable is pulled",
		parse: func(w *words) (testserver.Action, error) { return made(testserver.CutAfter)(w.size()) },
	},
	{
		name: "drop", doc: "the connection is lost before the answer; all bytes are stored",
		parse: func(*words) (testserver.Action, error) { return testserver.DropReply(), nil },
	},
	{
		name: "stall", args: "[TIME]", doc: "nothing is read or answered for TIME, or without end, as by a server that swaps",
		parse: func(w *words) (testserver.Action, error) { return made(testserver.Stall)(w.maybeDuration()) },
	},
	{name: "stall-after", args: "SIZE [TIME]", doc: "the same after SIZE of the body, as by a proxy whose buffers are full", parse: parseStallAfter},
	{
		name: "throttle", args: "RATE", doc: "the body is read at RATE per second, such as 64KiB, as over a slow link",
		parse: func(w *words) (testserver.Action, error) { return made(testserver.Throttle)(w.rate()) },
	},
	{
		name: "black-hole", doc: "nothing is read or answered, and the connection stays open, as behind a firewall that drops packets",
		parse: func(*words) (testserver.Action, error) { return testserver.BlackHole(), nil },
	},
	{name: "status", args: "CODE [NAME:VALUE...] [WORDS...]", doc: "answers with a status, headers and a body, as proxies and busy servers do", parse: parseStatus},
	{name: "early", args: "SIZE CODE [NAME:VALUE...] [WORDS...]", doc: "the same after SIZE of the body, and closes the connection while the rest is sent, as tusd does with 409 and proxies with 401 or 413", parse: parseEarly},
	{name: "retry-after", args: "CODE TIME [date]", doc: "answers CODE with Retry-After in seconds, or as a date, as for quotas (429) and maintenance (503)", parse: parseRetryAfter},
	{
		name: "locked", args: "[TIME]", doc: "423 for TIME after the first one, or without end, as tusdotnet answers after a lost connection",
		parse: func(w *words) (testserver.Action, error) { return made(testserver.Locked)(w.maybeDuration()) },
	},
	{
		name: "lock-timeout", doc: "500 ERR_LOCK_TIMEOUT, as tusd answers while another request holds the upload",
		parse: func(*words) (testserver.Action, error) { return testserver.LockTimeout(), nil },
	},
	{
		name: "until-token-changes", doc: "401 until the Authorization header changes, as if a token expires",
		parse: func(*words) (testserver.Action, error) { return testserver.UntilTokenChanges(), nil },
	},
	{name: "redirect", args: "CODE URL", doc: "redirects to URL, with the path of the request if URL has none, as a server that has moved does", parse: parseRedirect},
	{
		name: "buffer", doc: "the body arrives when it is complete, and a cut loses all of it, as with nginx and Cloudflare",
		parse: func(*words) (testserver.Action, error) { return testserver.Buffer(), nil },
	},
	{
		name: "body-limit", args: "SIZE", doc: "413 without headers of tus for bodies above SIZE, as from nginx, Cloudflare and IIS",
		parse: func(w *words) (testserver.Action, error) { return made(testserver.BodyLimit)(w.size()) },
	},
	{
		name: "slow-finish", args: "[TIME]", doc: "the answer to the last byte comes after TIME, or never, as with virus scanners and hooks",
		parse: func(w *words) (testserver.Action, error) { return made(testserver.SlowFinish)(w.maybeDuration()) },
		rufh:  func(w *words) (testserver.Action, error) { return made(rufhserver.SlowFinish)(w.maybeDuration()) },
	},
	{
		name: "rewind", args: "SIZE", doc: "the server loses the bytes after SIZE, as after a crash",
		parse: func(w *words) (testserver.Action, error) { return made(testserver.RewindTo)(w.size()) },
		rufh:  func(w *words) (testserver.Action, error) { return made(rufhserver.RewindTo)(w.size()) },
	},
	{
		name: "forget", doc: "the upload is deleted (404), as if it has expired",
		parse: func(*words) (testserver.Action, error) { return testserver.Forget(), nil },
		rufh:  func(*words) (testserver.Action, error) { return rufhserver.Forget(), nil },
	},
	{
		name: "offset", args: "TEXT", doc: "answers TEXT as Upload-Offset, as a server with a bug does",
		parse: func(w *words) (testserver.Action, error) { return made(testserver.OffsetHeader)(w.next("TEXT")) },
	},
	{
		name: "offset-by", args: "[-]SIZE", doc: "answers an offset that is SIZE too large, or with - too small",
		parse: func(w *words) (testserver.Action, error) { return made(testserver.OffsetDelta)(w.signedSize()) },
	},
	{name: "location", args: "FORM", doc: "writes the Location as relative, path, schemeless, insecure, absent, query QUERY or origin URL", parse: parseLocation},
	{
		name: "header", args: "NAME VALUE", doc: "sets a header of the answer, as gateways do",
		parse: func(w *words) (testserver.Action, error) {
			name, err := w.headerName()
			if err != nil || len(*w) == 0 {
				return nil, orMissing(err, "VALUE")
			}
			return testserver.SetHeader(name, w.rest()), nil
		},
	},
	{
		name: "no-header", args: "NAME", doc: "removes a header of the answer, as filtering proxies do",
		parse: func(w *words) (testserver.Action, error) {
			return made(func(name string) testserver.Action {
				return testserver.RewriteHeader(func(h http.Header) { h.Del(name) })
			})(w.headerName())
		},
	},
}

// made returns the action for an argument, or the error of the argument.
func made[T any](action func(T) testserver.Action) func(T, error) (testserver.Action, error) {
	return func(arg T, err error) (testserver.Action, error) {
		if err != nil {
			return nil, err
		}
		return action(arg), nil
	}
}

func parseStallAfter(w *words) (testserver.Action, error) {
	n, err := w.size()
	if err != nil {
		return nil, err
	}
	return made(func(d time.Duration) testserver.Action { return testserver.StallAfter(n, d) })(w.maybeDuration())
}

func parseStatus(w *words) (testserver.Action, error) {
	code, err := w.status(200, 599)
	if err != nil {
		return nil, err
	}
	return testserver.Status(code, w.headers(), w.rest()), nil
}

func parseEarly(w *words) (testserver.Action, error) {
	n, err := w.size()
	if err != nil {
		return nil, err
	}
	code, err := w.status(200, 599)
	if err != nil {
		return nil, err
	}
	return testserver.EarlyAnswer(n, code, w.headers(), w.rest()), nil
}

func parseRetryAfter(w *words) (testserver.Action, error) {
	code, err := w.status(200, 599)
	if err != nil {
		return nil, err
	}
	wait, err := w.duration()
	if err != nil {
		return nil, err
	}
	if len(*w) > 0 && (*w)[0] == "date" {
		*w = (*w)[1:]
		return testserver.RetryAfterDate(code, wait), nil
	}
	return testserver.RetryAfter(code, wait), nil
}

func parseRedirect(w *words) (testserver.Action, error) {
	code, err := w.status(300, 399)
	if err != nil {
		return nil, err
	}
	return made(func(to string) testserver.Action { return testserver.Redirect(code, to) })(w.next("URL"))
}

func parseLocation(w *words) (testserver.Action, error) {
	form, err := w.next("FORM")
	if err != nil {
		return nil, err
	}
	switch form := testserver.LocationForm(form); form {
	case testserver.LocationRelative, testserver.LocationPath, testserver.LocationSchemeless,
		testserver.LocationInsecure, testserver.LocationAbsent:
		return testserver.Location(form), nil
	case "query":
		return made(testserver.LocationQuery)(w.next("QUERY"))
	case "origin":
		origin, err := w.next("URL")
		if err != nil {
			return nil, err
		}
		if u, err := url.Parse(origin); err != nil || u.Scheme == "" || u.Host == "" {
			return nil, fmt.Errorf("%q is not an origin such as http://127.0.0.1:1081", origin)
		}
		return testserver.LocationOrigin(origin), nil
	}
	return nil, fmt.Errorf("%q is not a form: relative, path, schemeless, insecure, absent, query or origin", form)
}
