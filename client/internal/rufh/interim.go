package rufh

import (
	"fmt"
	"net/http"
	"net/url"
	"sync"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/address"
	"github.com/tusker-go/tusker/client/internal/dialect"
	"github.com/tusker-go/tusker/client/internal/wire"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// interim is what the interim responses to one request said so far. It is safe for concurrent
// use, because they arrive while the exchange is under way.
type interim struct {
	mu       sync.Mutex
	location string // of the first 104 with one, as the server wrote it
	offset   int64
	limits   *protocol.Limits
	err      error // why the request has to end
}

// read reads one interim response. It does no I/O.
func (i *interim) read(x *exchange, status int, h http.Header) wire.News {
	i.mu.Lock()
	defer i.mu.Unlock()
	r := x.dialect.Version.ParseResponse(status, h)
	verdict := rufh.Judge(rufh.Exchange{Version: x.dialect.Version, Op: x.op, Complete: x.complete, Location: i.location}, r)
	news := wire.NoNews
	switch verdict.Meaning {
	case rufh.Relocated:
		i.err = fmt.Errorf("%w: %q and %q", failure.ErrRelocated, i.location, r.Location)
		return wire.Fact
	case rufh.Announced:
		if i.location == "" {
			i.location, news = r.Location, wire.Fact
		}
	case rufh.Progressed:
	default:
		return wire.NoNews
	}
	if r.Limits != nil {
		if i.limits == nil || *i.limits != *r.Limits {
			i.limits, news = r.Limits, wire.Fact
		}
		if r.Contradiction != nil {
			i.err = fmt.Errorf("%w: %w", failure.ErrLimits, r.Contradiction)
		}
	}
	if n, ok := verdict.Offset.Int64(); ok && n > max(i.offset, x.start) {
		i.offset, news = n, wire.Growth
	}
	return news
}

// announced returns the Location of the 104, or "".
func (i *interim) announced() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.location
}

// learn passes on what is known.
func (i *interim) learn(x *exchange) error {
	i.mu.Lock()
	answer, location, err, limited := dialect.Answer{}, i.location, i.err, i.limits != nil
	if i.offset > 0 {
		answer.Offset = protocol.Known(i.offset)
	}
	if limited {
		answer.Limits = *i.limits
	}
	i.mu.Unlock()
	if err != nil {
		return err
	}
	if limited && x.op == protocol.OpCreate {
		x.dialect.server.hear(answer.Limits)
	}
	if location != "" {
		if answer.URL, err = x.resolve(location); err != nil {
			return err
		}
		answer.Next = answer.URL
	}
	if x.heard == nil {
		return nil
	}
	return x.heard(answer)
}

// resolve returns the absolute URL of a Location.
func (x *exchange) resolve(location string) (string, error) {
	base, err := url.Parse(x.url)
	if err != nil {
		return "", err
	}
	u, err := address.Resolve(base, base.Host, location)
	if err != nil {
		return "", err
	}
	return u.String(), nil
}
