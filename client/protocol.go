package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/cause"
	"github.com/tusker-go/tusker/client/internal/dialect"
	rufhdriver "github.com/tusker-go/tusker/client/internal/rufh"
	"github.com/tusker-go/tusker/client/internal/tus"
	"github.com/tusker-go/tusker/client/internal/wire"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// The values of Config.Protocol, besides those with a version such as "rufh/6".
const (
	// ProtocolTus is tus 1.0.0.
	ProtocolTus = "tus"

	// ProtocolRUFH is the IETF's Resumable Uploads for HTTP. The client asks the server once
	// with OPTIONS for its version, and uses the newest version that package protocol/rufh has
	// if the server names none. A server that answers as a tus server is ErrOtherProtocol.
	ProtocolRUFH = "rufh"

	// ProtocolAuto asks the server once with OPTIONS. A server that answers as a tus server
	// gets tus, one that announces limits for resumable uploads gets ProtocolRUFH, and any
	// other gets tus.
	ProtocolAuto = "auto"
)

// choice is what a value of Config.Protocol leaves to the server.
type choice uint8

const (
	choiceNone     choice = iota
	choiceVersion         // the version of Resumable Uploads for HTTP
	choiceProtocol        // that, and whether it is tus
)

// parseProtocol returns the version of Resumable Uploads for HTTP that a value of
// Config.Protocol names, and what the server chooses. 0: tus. The error Is ErrInvalidOption.
func parseProtocol(name string) (v rufh.Version, open choice, err error) {
	switch name {
	case "", ProtocolTus:
		return 0, choiceNone, nil
	case ProtocolAuto:
		return 0, choiceProtocol, nil
	case ProtocolRUFH:
		return rufh.Newest, choiceVersion, nil
	}
	if number, ok := strings.CutPrefix(name, ProtocolRUFH+"/"); ok {
		n, err := strconv.ParseUint(number, 10, 8)
		if v = rufh.Version(n); err == nil && v.Valid() && v.String() == name {
			return v, choiceNone, nil
		}
	}
	return 0, choiceNone, fmt.Errorf("%w: protocol %q is not tus, auto, rufh, or rufh/%d to rufh/%d", ErrInvalidOption, name, rufh.Oldest, rufh.Newest)
}

// speech is the protocol of the endpoint, and what the Client knows of it. It is safe for
// concurrent use.
type speech struct {
	open   choice
	rufh   *rufhdriver.Server
	asking chan struct{} // holds a value while an upload asks the server
	warned wire.Names    // keys of metadata that the log has a warning about

	mu      sync.Mutex
	version rufh.Version // 0: tus
	decided bool
}

// get returns the version, and whether it is decided.
func (s *speech) get() (rufh.Version, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version, s.decided
}

func (s *speech) decide(v rufh.Version) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version, s.decided = v, true
}

// choose decides which protocol the server of url speaks, if the caller left that open. check
// returns an error if the protocol lacks what the caller wants; nothing is sent if no version has
// it.
func (j *job) choose(ctx context.Context, url string, check func() error) error {
	if up := j.options.Upgrade; up != nil {
		if err := up.check(j); err != nil {
			return err
		}
		j.version = cmp.Or(j.version, rufh.Newest)
		j.speak()
	} else if j.speech.open != choiceNone {
		if j.speech.open == choiceVersion {
			if err := check(); err != nil {
				return err
			}
		}
		v, err := j.detect(ctx, url)
		if err != nil {
			return err
		}
		if v != j.version {
			j.version = v
			j.speak()
		}
	}
	j.configured = j.version
	if err := check(); err != nil {
		return err
	}
	j.warnUnsupported(ctx)
	return nil
}

// detect asks the server of url which protocol and version it speaks, unless that is known. A
// server that does not say so gets what newJob chose.
func (j *job) detect(ctx context.Context, url string) (rufh.Version, error) {
	select {
	case j.speech.asking <- struct{}{}:
	case <-ctx.Done():
		return 0, cause.Why(ctx)
	}
	defer func() { <-j.speech.asking }()
	if v, decided := j.speech.get(); decided {
		return v, nil
	}
	call := j.call.With(rufhdriver.Question())
	var silent error
	err := j.ask(ctx, url, func(ctx context.Context) (err error) {
		_, silent, err = j.server.Discover(ctx, url, false, call)
		return err
	})
	if err != nil {
		return 0, err
	}
	v, _ := j.speech.get()
	if silent == nil && v != 0 {
		return 0, j.conn.NewError(protocol.OpOptions, url, ErrOtherProtocol)
	}
	if e, ok := errors.AsType[*Error](silent); ok {
		if named := j.speech.rufh.Learn(e.Header); named != 0 {
			v = named
		}
	}
	j.speech.decide(v)
	return v, nil
}

// fallBack makes the job speak tus if the server has answered err, which says that it does not
// speak the protocol that was detected. It is false if err says something else, or if the caller
// chose the protocol.
func (j *job) fallBack(ctx context.Context, err error) bool {
	if j.speech.open != choiceProtocol || j.options.Upgrade != nil || !errors.Is(err, failure.ErrOtherProtocol) || j.result.URL != "" {
		return false
	}
	j.rules.Log.LogAttrs(ctx, slog.LevelInfo, "the server speaks tus", slog.Any("err", err))
	j.speech.decide(0)
	j.version, j.configured = 0, 0
	j.speak()
	j.forgetUpload()
	return true
}

// checkProtocol returns ErrUnsupported if the options need what the protocol does not have.
// See warnUnsupported for what an upload can do without.
func (j *job) checkProtocol() error {
	if j.options.Checksum != "" && j.options.Checksum != ChecksumAuto {
		if err := j.lacks(dialect.Checksum, "checksums"); err != nil {
			return err
		}
	}
	if j.options.Verify {
		if err := j.lacks(dialect.Content, "reading an upload back to verify it"); err != nil {
			return err
		}
	}
	if j.isPart {
		return j.lacks(dialect.Parts, "joining uploads")
	}
	return nil
}

// warnUnsupported logs what the protocol leaves out of an upload.
func (j *job) warnUnsupported(ctx context.Context) {
	if j.options.Parallel > 1 || j.options.Parallel == ParallelAuto {
		if err := j.lacks(dialect.Parts, "parallel parts"); err != nil {
			j.rules.Log.LogAttrs(ctx, slog.LevelWarn, "sending over one connection", slog.Any("err", err))
		}
	}
	for key := range j.options.Metadata { // the order does not matter
		if err := j.lacks(dialect.Metadata, "metadata other than name and type"); err != nil && !rufhdriver.Keeps(key) && j.speech.warned.Add(key) {
			j.rules.Log.LogAttrs(ctx, slog.LevelWarn, "metadata is not sent", slog.String("key", key), slog.Any("err", err))
		}
	}
}

// lacks returns ErrUnsupported if the protocol of the upload does not have a feature.
func (j *job) lacks(f dialect.Feature, name string) error {
	if j.dialect.Supports(f) {
		return nil
	}
	return fmt.Errorf("%w %s: protocol %s has no such feature", ErrUnsupported, name, j.dialect.Name())
}

// onlyTus returns ErrUnsupported if a call that only tus has cannot be made.
func (c *Client) onlyTus(op protocol.Op, url string) error {
	v, _ := c.speech.get()
	if v == 0 {
		return nil
	}
	return c.conn.NewError(op, url, fmt.Errorf("%w this call: protocol %s has no such feature", ErrUnsupported, v))
}

// remove deletes the upload at url in a version of Resumable Uploads for HTTP.
func (c *Client) remove(ctx context.Context, v rufh.Version, url string, call wire.Call) (*Reply, error) {
	if err := c.speech.rufh.New(rufhdriver.Options{Version: v, Call: call}).Remove(ctx, url); err != nil {
		return nil, err
	}
	return &Reply{State: protocol.State{Location: url}, URL: url}, nil
}

// speak sets the dialect.
func (j *job) speak() {
	if j.version == 0 {
		j.dialect = j.server.New(tus.Options{Endpoint: j.endpoint, Call: j.call, Checksum: j.options.Checksum})
		return
	}
	o := rufhdriver.Options{Version: j.version, Endpoint: j.endpoint, Call: j.call}
	if up := j.options.Upgrade; up != nil {
		o.Method, o.Plain = up.Method, true
	}
	j.dialect = j.speech.rufh.New(o)
}

// speakConfigured makes the job speak the protocol that new uploads use, after one that a
// record named.
func (j *job) speakConfigured() {
	if j.version != j.configured {
		j.version = j.configured
		j.speak()
	}
}

// speakAs makes the job speak the protocol that a record names. The error Is ErrRecordVersion
// if this program does not know the protocol.
func (j *job) speakAs(name string) error {
	v, open, err := parseProtocol(name)
	if err != nil || open != choiceNone {
		return fmt.Errorf("%w: it was begun with the protocol %q", ErrRecordVersion, name)
	}
	if v != j.version {
		j.version = v
		j.speak()
	}
	return nil
}

// protocolName returns the name of the protocol for records: "" is tus, as in the records of
// earlier versions.
func (j *job) protocolName() string {
	if j.version == 0 {
		return ""
	}
	return j.version.String()
}
