package app

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/testserver"
)

// faultAction is one row of what --fault can do.
type faultAction struct {
	name string
	args string // as the help shows them
	doc  string // what it does, and who does so
	// parse takes its arguments from the front of w.
	parse func(w *faultWords) (testserver.Action, error)
}

func (a faultAction) usage() string { return strings.TrimSpace(a.name + " " + a.args) }

var faultActions = []faultAction{
	{
		"reset", "", "the connection is lost before the request: a proxy restarts, a NAT forgets",
		func(*faultWords) (testserver.Action, error) { return testserver.Reset(), nil },
	},
	{
		"cut", "SIZE", "the connection is lost after SIZE of the body, which is stored: a cable pulled",
		func(w *faultWords) (testserver.Action, error) { return made(testserver.CutAfter)(w.size()) },
	},
	{
		"drop", "", "the connection is lost before the answer; everything is stored",
		func(*faultWords) (testserver.Action, error) { return testserver.DropReply(), nil },
	},
	{
		"stall", "[TIME]", "nothing is read or answered for TIME, or for ever: a server that swaps",
		func(w *faultWords) (testserver.Action, error) { return made(testserver.Stall)(w.maybeDuration()) },
	},
	{"stall-after", "SIZE [TIME]", "the same after SIZE of the body: a proxy whose buffers are full", parseStallAfter},
	{
		"throttle", "RATE", "the body is read at RATE, such as 64KiB, per second: a slow link",
		func(w *faultWords) (testserver.Action, error) { return made(testserver.Throttle)(w.rate()) },
	},
	{
		"black-hole", "", "neither reads nor answers nor hangs up: a firewall that drops, a power cut",
		func(*faultWords) (testserver.Action, error) { return testserver.BlackHole(), nil },
	},
	{"status", "CODE [NAME:VALUE...] [WORDS...]", "answers with a status, headers and a body: a proxy, a gateway, a server under load", parseStatus},
	{"early", "SIZE CODE [NAME:VALUE...] [WORDS...]", "the same after SIZE of the body, and hangs up while the rest still flows: tusd with its 409, proxies with 401 or 413", parseEarly},
	{"retry-after", "CODE TIME [date]", "answers CODE with Retry-After in seconds, or as a date: quotas (429), maintenance (503)", parseRetryAfter},
	{
		"locked", "[TIME]", "423 for TIME after the first one, or for ever: tusdotnet after a drop",
		func(w *faultWords) (testserver.Action, error) { return made(testserver.Locked)(w.maybeDuration()) },
	},
	{
		"lock-timeout", "", "500 ERR_LOCK_TIMEOUT: tusd, where another request holds on",
		func(*faultWords) (testserver.Action, error) { return testserver.LockTimeout(), nil },
	},
	{
		"until-token-changes", "", "401 until the Authorization header is another one: a token expires",
		func(*faultWords) (testserver.Action, error) { return testserver.UntilTokenChanges(), nil },
	},
	{"redirect", "CODE URL", "sends the client to URL, with the path of the request where URL has none: a server that has moved, a load balancer", parseRedirect},
	{
		"buffer", "", "nothing arrives until the whole body did, and a cut loses all: nginx, Cloudflare",
		func(*faultWords) (testserver.Action, error) { return testserver.Buffer(), nil },
	},
	{
		"body-limit", "SIZE", "413 that is not from tus, for bodies over SIZE: nginx, Cloudflare, IIS",
		func(w *faultWords) (testserver.Action, error) { return made(testserver.BodyLimit)(w.size()) },
	},
	{
		"slow-finish", "[TIME]", "the answer to the last byte comes after TIME, or never: virus scanners, hooks",
		func(w *faultWords) (testserver.Action, error) { return made(testserver.SlowFinish)(w.maybeDuration()) },
	},
	{
		"rewind", "SIZE", "the store loses what is behind SIZE: a server on S3, or after a crash",
		func(w *faultWords) (testserver.Action, error) { return made(testserver.RewindTo)(w.size()) },
	},
	{
		"forget", "", "the upload is deleted, 404: expired, or cleaned away",
		func(*faultWords) (testserver.Action, error) { return testserver.Forget(), nil },
	},
	{
		"offset", "TEXT", "names TEXT as Upload-Offset: a server with a bug",
		func(w *faultWords) (testserver.Action, error) { return made(testserver.OffsetHeader)(w.next("TEXT")) },
	},
	{
		"offset-by", "[-]SIZE", "names another offset by SIZE: a server that claims more than it got, or less",
		func(w *faultWords) (testserver.Action, error) { return made(testserver.OffsetDelta)(w.signedSize()) },
	},
	{"location", "FORM", "writes Location as relative, path, schemeless, insecure, absent, query QUERY or origin URL: @tus/server, tusdotnet, Cloudflare", parseLocation},
	{
		"header", "NAME VALUE", "sets a header of the answer: gateways",
		func(w *faultWords) (testserver.Action, error) {
			name, err := w.headerName()
			if err != nil || len(*w) == 0 {
				return nil, orMissing(err, "VALUE")
			}
			return testserver.SetHeader(name, w.rest()), nil
		},
	},
	{
		"no-header", "NAME", "takes a header out of the answer: proxies that filter",
		func(w *faultWords) (testserver.Action, error) {
			return made(func(name string) testserver.Action {
				return testserver.RewriteHeader(func(h http.Header) { h.Del(name) })
			})(w.headerName())
		},
	},
}

// made makes an action of an argument, unless there was something wrong with it.
func made[T any](action func(T) testserver.Action) func(T, error) (testserver.Action, error) {
	return func(arg T, err error) (testserver.Action, error) {
		if err != nil {
			return nil, err
		}
		return action(arg), nil
	}
}

func parseStallAfter(w *faultWords) (testserver.Action, error) {
	n, err := w.size()
	if err != nil {
		return nil, err
	}
	return made(func(d time.Duration) testserver.Action { return testserver.StallAfter(n, d) })(w.maybeDuration())
}

func parseStatus(w *faultWords) (testserver.Action, error) {
	code, err := w.status(200, 599)
	if err != nil {
		return nil, err
	}
	return testserver.Status(code, w.headers(), w.rest()), nil
}

func parseEarly(w *faultWords) (testserver.Action, error) {
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

func parseRetryAfter(w *faultWords) (testserver.Action, error) {
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

func parseRedirect(w *faultWords) (testserver.Action, error) {
	code, err := w.status(300, 399)
	if err != nil {
		return nil, err
	}
	return made(func(to string) testserver.Action { return testserver.Redirect(code, to) })(w.next("URL"))
}

func parseLocation(w *faultWords) (testserver.Action, error) {
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
	return nil, fmt.Errorf("%q is no form: relative, path, schemeless, insecure, absent, query or origin", form)
}

// faultWords are the words that are still to be read.
type faultWords []string

func orMissing(err error, what string) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("no %s", what)
}

// next takes a word.
func (w *faultWords) next(what string) (string, error) {
	if len(*w) == 0 {
		return "", orMissing(nil, what)
	}
	word := (*w)[0]
	*w = (*w)[1:]
	return word, nil
}

// rest takes all that is left.
func (w *faultWords) rest() string {
	text := strings.Join(*w, " ")
	*w = nil
	return text
}

func (w *faultWords) size() (int64, error) {
	word, err := w.next("SIZE")
	if err != nil {
		return 0, err
	}
	return units.ParseSize(word)
}

// signedSize takes a size that may have a sign before it.
func (w *faultWords) signedSize() (int64, error) {
	word, err := w.next("SIZE")
	if err != nil {
		return 0, err
	}
	digits, negative := strings.CutPrefix(word, "-")
	n, err := units.ParseSize(strings.TrimPrefix(digits, "+"))
	if negative {
		n = -n
	}
	return n, err
}

// rate takes a size per second.
func (w *faultWords) rate() (int64, error) {
	word, err := w.next("RATE")
	if err != nil {
		return 0, err
	}
	n, err := units.ParseSize(strings.TrimSuffix(word, "/s"))
	if err == nil && n == 0 {
		err = fmt.Errorf("%q is no rate", word)
	}
	return n, err
}

func (w *faultWords) duration() (time.Duration, error) {
	word, err := w.next("TIME")
	if err != nil {
		return 0, err
	}
	d, err := time.ParseDuration(word)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a time such as 30s", word)
	}
	return d, nil
}

// maybeDuration is duration, or 0 where no word is left.
func (w *faultWords) maybeDuration() (time.Duration, error) {
	if len(*w) == 0 {
		return 0, nil
	}
	return w.duration()
}

func (w *faultWords) status(least, most int) (int, error) {
	word, err := w.next("CODE")
	if err != nil {
		return 0, err
	}
	code, err := strconv.Atoi(word)
	if err != nil || code < least || code > most {
		return 0, fmt.Errorf("%q is not a status from %d to %d", word, least, most)
	}
	return code, nil
}

func (w *faultWords) headerName() (string, error) {
	name, err := w.next("NAME")
	if err == nil && !isHeaderName(name) {
		err = fmt.Errorf("%q is not the name of a header", name)
	}
	return name, err
}

// headers takes words of the form NAME:VALUE, as far as they go.
func (w *faultWords) headers() http.Header {
	h := make(http.Header)
	for len(*w) > 0 {
		name, value, ok := strings.Cut((*w)[0], ":")
		if !ok || value == "" || !isHeaderName(name) {
			break
		}
		h.Add(name, value)
		*w = (*w)[1:]
	}
	return h
}

// isHeaderName is stricter than RFC 9110, so that less is taken for a header
// that is meant as a body.
func isHeaderName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '-' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	})
}
