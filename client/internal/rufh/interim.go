package rufh

import (
	"fmt"
	"sync"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/dialect"
	"github.com/tusker-go/tusker/client/internal/wire"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// interim is what the interim responses to one request said so far. It is safe for concurrent
// use, because they arrive while the exchange is under way.
type interim struct {
	mu       sync.Mutex
	location string                                // of the first 104 with one, as the server wrote it
	url      string                                // the same, absolute
	resolve  func(location string) (string, error) // at the URL that answers; set if location is
	version  rufh.Version                          // of a 104 that was ignored because of it; 0: there was none
	offset   int64
	limits   *protocol.Limits
	err      error // why the request has to end
}

// read reads one interim response. It does no I/O.
func (i *interim) read(x *exchange, got wire.Interim) wire.News {
	i.mu.Lock()
	defer i.mu.Unlock()
	r := x.dialect.Version.ParseResponse(got.StatusCode, got.Header)
	if got.StatusCode == rufh.StatusResumptionSupported && r.Version != x.dialect.Version {
		i.version = r.Version
	}
	r.Location = i.normal(r.Location)
	verdict := rufh.Judge(rufh.Exchange{Version: x.dialect.Version, Op: x.op, Complete: x.complete, Location: i.location}, r)
	news := wire.NoNews
	switch verdict.Meaning {
	case rufh.Relocated:
		i.err = fmt.Errorf("%w: %q and %q", failure.ErrRelocated, i.location, r.Location)
		return wire.Fact
	case rufh.Announced:
		if i.location == "" {
			news = i.announce(x, got, r.Location)
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

// announce takes the URL of the upload. The URL that creations are sent to is no upload. The lock
// is held.
func (i *interim) announce(x *exchange, got wire.Interim, location string) wire.News {
	url, err := got.Resolve(location)
	switch {
	case err != nil:
		i.err = err
		return wire.Fact
	case url == x.url:
		return wire.NoNews
	}
	i.location, i.url, i.resolve = location, url, got.Resolve
	return wire.Fact
}

// announced returns the Location of the 104, or "".
func (i *interim) announced() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.location
}

// known returns the Location of the 104 for one that leads to the same URL, and others as they
// are.
func (i *interim) known(location string) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.normal(location)
}

// normal is known with the lock held.
func (i *interim) normal(location string) string {
	if i.location == "" || location == "" {
		return location
	}
	if url, err := i.resolve(location); err == nil && url == i.url {
		return i.location
	}
	return location
}

// otherVersion returns the version of a 104 that was ignored because of it, or 0.
func (i *interim) otherVersion() rufh.Version {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.version
}

// learn passes on what is known.
func (i *interim) learn(x *exchange) error {
	i.mu.Lock()
	answer, err, limited := dialect.Answer{URL: i.url, Next: i.url}, i.err, i.limits != nil
	if i.offset > 0 {
		answer.Offset = protocol.Known(i.offset)
	}
	if limited {
		answer.Limits = *i.limits
	}
	i.mu.Unlock()
	if limited && x.op == protocol.OpCreate {
		x.dialect.server.Hear(answer.Limits)
	}
	if x.heard != nil {
		// The URL is passed on although the request has to end: the upload can be deleted there.
		if ended := x.heard(answer); err == nil {
			err = ended
		}
	}
	return err
}
