package conformance

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// Protocol is a specification that a server is checked against: [Tus], or a value of
// [RUFH].
type Protocol uint8

// Tus is tus 1.0.0, the zero Protocol.
const Tus Protocol = 0

// RUFH returns the IETF's Resumable Uploads for HTTP in an interop version of its drafts. A
// version that is not Valid has no rules.
func RUFH(v rufh.Version) Protocol { return Protocol(v) }

// version returns the interop version, or 0 for Tus.
func (p Protocol) version() rufh.Version { return rufh.Version(p) }

// String returns "tus", or "rufh/" and the interop version.
func (p Protocol) String() string {
	if p == Tus {
		return "tus"
	}
	return p.version().String()
}

// versionHeader returns the field that declares the version of a request.
func (p Protocol) versionHeader() (name, value string) {
	if p == Tus {
		return protocol.HeaderResumable, protocol.Version
	}
	return rufh.HeaderInteropVersion, strconv.Itoa(int(p))
}

// discovery returns the version of the OPTIONS request at the start of a run. OPTIONS of tus
// declares none.
func (p Protocol) discovery() string {
	if p == Tus {
		return noVersion
	}
	return ""
}

// isKnownBy reports whether a is an answer of a server of the protocol.
func (p Protocol) isKnownBy(a answer) bool {
	if p == Tus {
		return a.has(protocol.HeaderResumable) || a.has(protocol.HeaderVersion)
	}
	if a.has(protocol.HeaderResumable) {
		return false
	}
	names := []string{
		rufh.HeaderUploadOffset, rufh.HeaderUploadComplete, rufh.HeaderUploadIncomplete, rufh.HeaderUploadLimit, rufh.HeaderUploadLength,
	}
	return slices.ContainsFunc(names, a.has) || slices.ContainsFunc(a.interim, interim.isResumption)
}

// Rules returns the rules of the protocol in the order of the specification. The rules of
// RUFH are those that apply to its version. The caller may change the slice.
func (p Protocol) Rules() []Rule {
	if p == Tus {
		return slices.Concat(headerRules, headRules, patchRules, optionsRules, creationRules, deferRules,
			metadataRules, withUploadRules, expirationRules, checksumRules, terminationRules, concatenationRules)
	}
	all := slices.Concat(resourceRules, stateRules, limitRules, createRules, retrievalRules, appendRules, appendEndRules,
		cancelRules, concurrencyRules, continueRules, problemRules, securityRules, versionRules, olderRules, backgroundRules)
	return slices.DeleteFunc(all, func(r Rule) bool { return !r.applies(p.version()) })
}

// Untested returns the requirements on servers that have no rule, in the order
// of the specification. The caller may change the slice.
func (p Protocol) Untested() []Requirement {
	if p == Tus {
		return slices.Clone(untested)
	}
	return slices.Clone(untestedRUFH)
}

// ErrNoRule is the error for a pattern that matches no rule.
var ErrNoRule = errors.New("no such rule")

// Select returns the rules whose ID matches one of the patterns, in the order
// of [Protocol.Rules]. The patterns are those of [path.Match]. Without patterns, Select
// returns all rules. The error is [ErrNoRule], also for a version of RUFH that is not Valid,
// or [path.ErrBadPattern].
func (p Protocol) Select(patterns ...string) ([]Rule, error) {
	all := p.Rules()
	if len(all) == 0 {
		return nil, fmt.Errorf("%v: %w", p, ErrNoRule)
	}
	if len(patterns) == 0 {
		return all, nil
	}
	chosen := make([]bool, len(all))
	for _, pattern := range patterns {
		found := false
		for i, rule := range all {
			ok, err := path.Match(pattern, rule.ID)
			if err != nil {
				return nil, fmt.Errorf("select %q: %w", pattern, err)
			}
			chosen[i], found = chosen[i] || ok, found || ok
		}
		if !found {
			return nil, fmt.Errorf("select %q: %w", pattern, ErrNoRule)
		}
	}
	var out []Rule
	for i, rule := range all {
		if chosen[i] {
			out = append(out, rule)
		}
	}
	return out, nil
}

// The Extensions of rules of RUFH, besides [Core].
const (
	// Interim has the rules about 104 responses, which a server may not be able to send.
	Interim protocol.Extension = "interim-responses"

	// LimitsAnnounced has the rules about Upload-Limit.
	LimitsAnnounced protocol.Extension = "limits"

	// AppleBackground has what background uploads of Apple's systems need. It is not part
	// of the drafts.
	AppleBackground protocol.Extension = "apple-background"
)
