package conformance

import (
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/tusker-go/tusker/protocol"
)

// Level is the level of a requirement, in the words of RFC 2119.
type Level string

// The levels. MustNot also stands for SHALL NOT.
const (
	Must      Level = "MUST"
	MustNot   Level = "MUST NOT"
	Should    Level = "SHOULD"
	ShouldNot Level = "SHOULD NOT"
)

// binding reports whether a broken requirement is a failure of the server.
func (l Level) binding() bool { return l == Must || l == MustNot }

// Core is the Extension of rules that apply to every server.
const Core protocol.Extension = "core"

// Rule is a requirement of tus 1.0.0 on servers.
type Rule struct {
	// ID identifies the rule. It does not change in later versions.
	ID string

	// Section is the path of headings of the specification that leads to
	// Sentence.
	Section string

	// Extension is [Core], or the extension that the rule belongs to.
	Extension protocol.Extension

	// Level is the level of the requirement.
	Level Level

	// Sentence quotes the specification. A rule with several sentences checks
	// one requirement that they describe together.
	Sentence string

	// Tested describes how the rule is checked.
	Tested string

	// always runs the rule even if the extension is not announced.
	always bool

	check func(*check)
}

// Rules returns all rules in the order of the specification. The caller may
// change the slice.
func Rules() []Rule {
	return slices.Concat(headerRules, headRules, patchRules, optionsRules, creationRules, deferRules,
		metadataRules, withUploadRules, expirationRules, checksumRules, terminationRules, concatenationRules)
}

// ErrNoRule is the error for a pattern that matches no rule.
var ErrNoRule = errors.New("no such rule")

// Select returns the rules whose ID matches one of the patterns, in the order
// of [Rules]. The patterns are those of [path.Match]. Without patterns, Select
// returns all rules. The error is [ErrNoRule] or [path.ErrBadPattern].
func Select(patterns ...string) ([]Rule, error) {
	all := Rules()
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
