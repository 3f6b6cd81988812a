package rufh

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh/internal/structured"
)

// ErrLimits means that no upload with bytes can meet the limits of a server.
var ErrLimits = errors.New("limits contradict each other")

// The keys of Upload-Limit (-13, section 4.1.4).
const (
	keyMaxSize   = "max-size"
	keyMinSize   = "min-size"
	keyMaxAppend = "max-append-size"
	keyMinAppend = "min-append-size"
	keyMaxAge    = "max-age" // since version 7
	keyExpires   = "expires" // of version 6
)

// ParseLimits parses the value of Upload-Limit in a response to a request of version v
// (-13, section 4.1.4). Unknown keys are ignored; the lifetime has the key expires up to
// version 6, and max-age since version 7. Drafts before version 6 have no limits, but tusd
// sends them there too.
//
// MinRequest and MaxRequest have the limits for appends. They apply to the content of a
// creation as well. A MaxUpload, MaxRequest or MaxAge that is zero stands for a key that is
// missing. A lifetime of more than 292 years is shortened to that.
//
// The error Is protocol.ErrInvalidHeader for a value that is not a Dictionary, or if a known
// key has a value other than a non-negative Integer. The field must be ignored then, and the
// limits are zero. The error Is [ErrLimits] for limits that no upload with bytes can meet; the
// limits are returned with the error.
func (v Version) ParseLimits(value string) (protocol.Limits, error) {
	age := v.edition().age
	known := map[string]*structured.Value{keyMaxSize: {}, keyMinSize: {}, keyMaxAppend: {}, keyMinAppend: {}, age: {}}
	ok := structured.ParseDictionary(value, func(key string, member structured.Value) {
		if slot := known[key]; slot != nil {
			*slot = member
		}
	})
	if !ok {
		return protocol.Limits{}, invalid(HeaderUploadLimit, value, protocol.ErrInvalidHeader, "it is not a dictionary")
	}
	for _, key := range []string{keyMaxSize, keyMinSize, keyMaxAppend, keyMinAppend, age} {
		if member := known[key]; member.Kind != 0 && (member.Kind != structured.Integer || member.Int < 0) {
			return protocol.Limits{}, invalid(HeaderUploadLimit, value, protocol.ErrInvalidHeader, key+" is not a size")
		}
	}
	l := protocol.Limits{
		MinUpload: known[keyMinSize].Int, MaxUpload: known[keyMaxSize].Int,
		MinRequest: known[keyMinAppend].Int, MaxRequest: known[keyMaxAppend].Int,
		MaxAge: seconds(known[age].Int),
	}
	for _, key := range []string{keyMaxSize, keyMaxAppend} {
		if m := known[key]; m.Kind != 0 && m.Int == 0 {
			return l, fmt.Errorf("%w: %s is 0", ErrLimits, key)
		}
	}
	if err := l.Validate(); err != nil {
		return l, fmt.Errorf("%w: %w", ErrLimits, err)
	}
	return l, nil
}

// seconds returns a lifetime of n seconds.
func seconds(n int64) time.Duration {
	const longest = math.MaxInt64 / int64(time.Second)
	return time.Duration(min(n, longest)) * time.Second
}

// FormatLimits returns the value of Upload-Limit for a response to a request of version v.
// Zero fields are not written, and "min-size=0" stands for limits without any (-13, section
// 4.1.4). A part of a second is not written. The limits need not be Valid, so that a test
// can announce any.
//
// The error is a *protocol.HeaderError that Is protocol.ErrInvalidHeader, for a limit that
// is negative or larger than [MaxSize], and for a Multiple, which the protocol does not have.
func (v Version) FormatLimits(l protocol.Limits) (string, error) {
	if l.Multiple != 0 {
		return "", invalid(HeaderUploadLimit, "", protocol.ErrInvalidHeader, "the protocol has no limit for multiples")
	}
	var members []string
	for _, m := range []struct {
		key string
		n   int64
	}{
		{keyMinSize, l.MinUpload},
		{keyMaxSize, l.MaxUpload},
		{keyMinAppend, l.MinRequest},
		{keyMaxAppend, l.MaxRequest},
		{v.edition().age, int64(l.MaxAge / time.Second)},
	} {
		member := m.key + "=" + format(m.n)
		switch {
		case m.n < 0 || m.n > MaxSize:
			return "", invalid(HeaderUploadLimit, member, protocol.ErrInvalidHeader, "it is not a size")
		case m.n > 0:
			members = append(members, member)
		}
	}
	if len(members) == 0 {
		return keyMinSize + "=0", nil
	}
	return strings.Join(members, ", "), nil
}

// limits parses the field Upload-Limit. Both results are nil if it is missing or void.
func (r *reader) limits(v Version) (*protocol.Limits, error) {
	line, present := r.line(HeaderUploadLimit)
	if !present {
		return nil, nil
	}
	l, err := v.ParseLimits(line)
	if errors.Is(err, protocol.ErrInvalidHeader) {
		r.void = append(r.void, HeaderUploadLimit)
		return nil, nil
	}
	return &l, err
}

// location returns the field Location.
func (r *reader) location() string {
	line := strings.Trim(r.h.Get(protocol.HeaderLocation), " \t")
	if strings.ContainsFunc(line, isControl) {
		r.void = append(r.void, protocol.HeaderLocation)
		return ""
	}
	return line
}
