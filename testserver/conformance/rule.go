package conformance

import (
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// Level is the level of a requirement, in the words of RFC 2119.
type Level string

// The levels. MustNot also stands for SHALL NOT, and Should for RECOMMENDED.
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

// Rule is a requirement of a [Protocol] on servers.
type Rule struct {
	// ID identifies the rule. It does not change in later versions.
	ID string

	// Section is the path of headings of the specification that leads to
	// Sentence. In RUFH, it is the number of a draft and that of a section.
	Section string

	// Since and Until are the first and the last interop version of RUFH with the
	// requirement. 0: a rule of tus for Since, and no end for Until.
	Since, Until rufh.Version

	// Extension is [Core], or the extension that the rule belongs to. RUFH has the
	// extensions [Interim], [LimitsAnnounced] and [AppleBackground].
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

// applies reports whether version v of RUFH has the requirement.
func (r Rule) applies(v rufh.Version) bool {
	return v.Valid() && r.Since <= v && (r.Until == 0 || v <= r.Until)
}
