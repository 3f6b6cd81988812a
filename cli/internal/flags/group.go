package flags

import "github.com/spf13/pflag"

// Group is a group of flags. Its value is the heading of the group in help texts.
type Group string

// The groups of flags, in the order of help texts.
const (
	// GroupCommand has the flags of one command. It is the group of flags that setGroup did
	// not put into another one.
	GroupCommand Group = "Flags"
	// GroupConnection has the flags of all commands that talk to a server.
	GroupConnection Group = "Flags of all commands that talk to a server"
)

// Groups returns all groups in the order of help texts.
func Groups() []Group { return []Group{GroupCommand, GroupConnection} }

// annotationGroup is the annotation of a flag with its group.
const annotationGroup = "tusker-group"

// setGroup puts all flags of f into a group.
func setGroup(f *pflag.FlagSet, group Group) {
	f.VisitAll(func(flag *pflag.Flag) {
		flag.Annotations = map[string][]string{annotationGroup: {string(group)}}
	})
}

// GroupOf returns the group of a flag.
func GroupOf(f *pflag.Flag) Group {
	if names := f.Annotations[annotationGroup]; len(names) > 0 {
		return Group(names[0])
	}
	return GroupCommand
}
