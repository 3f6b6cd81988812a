package conformance

import (
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/tusker-go/tusker/protocol"
)

// Level is how binding a requirement is, in the words of RFC 2119.
type Level string

// The levels. SHALL NOT is MustNot.
const (
	Must      Level = "MUST"
	MustNot   Level = "MUST NOT"
	Should    Level = "SHOULD"
	ShouldNot Level = "SHOULD NOT"
)

// binding tells a requirement from a recommendation.
func (l Level) binding() bool { return l == Must || l == MustNot }

// Core stands in [Rule] for what every server has to do, whatever extensions it
// announces.
const Core protocol.Extension = "core"

// Rule is one requirement of tus 1.0.0 on servers.
type Rule struct {
	// ID names the rule. It stays the same in later versions.
	ID string

	// Section is the way to the sentence through the specification's headings.
	Section string

	// Extension is what the rule belongs to: Core or an extension.
	Extension protocol.Extension

	// Level is how binding the requirement is. What is only a recommendation
	// makes no server fail.
	Level Level

	// Sentence is the requirement in the specification's words. Several
	// sentences are one rule where they describe one thing.
	Sentence string

	// Tested says how the rule is checked.
	Tested string

	// always is for rules that are tried although the extension is not
	// announced.
	always bool

	check func(*check)
}

// Rules returns all rules in the order of the specification. The slice is the
// caller's.
func Rules() []Rule {
	return slices.Concat(headerRules, headRules, patchRules, optionsRules, creationRules, deferRules,
		metadataRules, withUploadRules, expirationRules, checksumRules, terminationRules, concatenationRules)
}

// ErrNoRule means that a pattern matches no rule.
var ErrNoRule = errors.New("no such rule")

// Select returns the rules whose ID matches one of the patterns of [path.Match],
// in the order of [Rules]; no pattern gives all rules. The error is [ErrNoRule]
// for a pattern that matches none, or [path.ErrBadPattern].
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
