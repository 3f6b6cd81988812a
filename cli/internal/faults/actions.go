package faults

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tusker-go/tusker/testserver"
)

// action is one action of --fault.
type action struct {
	name string
	args string // arguments in the help
	doc  string // effect, and servers with this effect
	// parse reads the arguments from the front of w.
	parse func(w *words) (testserver.Action, error)
}

func (a action) usage() string { return strings.TrimSpace(a.name + " " + a.args) }

var actions = []action{
	{
		"reset", "", "the connection is lost before the request, as if a proxy restarts",
		func(*words) (testserver.Action, error) { return testserver.Reset(), nil },
	},
	{
		"cut", "SIZE", "the connection is lost after SIZE of the body, which is stored, as if a cable is pulled",
		func(w *words) (testserver.Action, error) { return made(testserver.CutAfter)(w.size()) },
	},
	{
		"drop", "", "the connection is lost before the answer; all bytes are stored",
		func(*words) (testserver.Action, error) { return testserver.DropReply(), nil },
	},
	{
		"stall", "[TIME]", "nothing is read or answered for TIME, or without end, as by a server that swaps",
		func(w *words) (testserver.Action, error) { return made(testserver.Stall)(w.maybeDuration()) },
	},
	{"stall-after", "SIZE [TIME]", "the same after SIZE of the body, as by a proxy whose buffers are full", parseStallAfter},
	{
		"throttle", "RATE", "the body is read at RATE per second, such as 64KiB, as over a slow link",
		func(w *words) (testserver.Action, error) { return made(testserver.Throttle)(w.rate()) },
	},
	{
		"black-hole", "", "nothing is read or answered, and the connection stays open, as behind a firewall that drops packets",
		func(*words) (testserver.Action, error) { return testserver.BlackHole(), nil },
	},
	{"status", "CODE [NAME:VALUE...] [WORDS...]", "answers with a status, headers and a body, as proxies and busy servers do", parseStatus},
	{"early", "SIZE CODE [NAME:VALUE...] [WORDS...]", "the same after SIZE of the body, and closes the connection while the rest is sent, as tusd does with 409 and proxies with 401 or 413", parseEarly},
	{"retry-after", "CODE TIME [date]", "answers CODE with Retry-After in seconds, or as a date, as for quotas (429) and maintenance (503)", parseRetryAfter},
	{
		"locked", "[TIME]", "423 for TIME after the first one, or without end, as tusdotnet answers after a lost connection",
		func(w *words) (testserver.Action, error) { return made(testserver.Locked)(w.maybeDuration()) },
	},
	{
		"lock-timeout", "", "500 ERR_LOCK_TIMEOUT, as tusd answers while another request holds the upload",
		func(*words) (testserver.Action, error) { return testserver.LockTimeout(), nil },
	},
	{
		"until-token-changes", "", "401 until the Authorization header changes, as if a token expires",
		func(*words) (testserver.Action, error) { return testserver.UntilTokenChanges(), nil },
	},
	{"redirect", "CODE URL", "redirects to URL, with the path of the request if URL has none, as a server that has moved does", parseRedirect},
	{
		"buffer", "", "the body arrives when it is complete, and a cut loses all of it, as with nginx and Cloudflare",
		func(*words) (testserver.Action, error) { return testserver.Buffer(), nil },
	},
	{
		"body-limit", "SIZE", "413 without headers of tus for bodies above SIZE, as from nginx, Cloudflare and IIS",
		func(w *words) (testserver.Action, error) { return made(testserver.BodyLimit)(w.size()) },
	},
	{
		"slow-finish", "[TIME]", "the answer to the last byte comes after TIME, or never, as with virus scanners and hooks",
		func(w *words) (testserver.Action, error) { return made(testserver.SlowFinish)(w.maybeDuration()) },
	},
	{
		"rewind", "SIZE", "the server loses the bytes after SIZE, as after a crash",
		func(w *words) (testserver.Action, error) { return made(testserver.RewindTo)(w.size()) },
	},
	{
		"forget", "", "the upload is deleted (404), as if it has expired",
		func(*words) (testserver.Action, error) { return testserver.Forget(), nil },
	},
	{
		"offset", "TEXT", "answers TEXT as Upload-Offset, as a server with a bug does",
		func(w *words) (testserver.Action, error) { return made(testserver.OffsetHeader)(w.next("TEXT")) },
	},
	{
		"offset-by", "[-]SIZE", "answers an offset that is SIZE too large, or with - too small",
		func(w *words) (testserver.Action, error) { return made(testserver.OffsetDelta)(w.signedSize()) },
	},
	{"location", "FORM", "writes the Location as relative, path, schemeless, insecure, absent, query QUERY or origin URL", parseLocation},
	{
		"header", "NAME VALUE", "sets a header of the answer, as gateways do",
		func(w *words) (testserver.Action, error) {
			name, err := w.headerName()
			if err != nil || len(*w) == 0 {
				return nil, orMissing(err, "VALUE")
			}
			return testserver.SetHeader(name, w.rest()), nil
		},
	},
	{
		"no-header", "NAME", "removes a header of the answer, as filtering proxies do",
		func(w *words) (testserver.Action, error) {
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
