package flags

import "github.com/spf13/pflag"

// annotationGroup is the annotation of a flag with the name of its group.
const annotationGroup = "tusker-group"

// GroupConnection is the group of the flags of all commands that talk to a server. Help
// texts show each group under its own heading.
const GroupConnection = "connection"

// setGroup puts all flags of f into a group.
func setGroup(f *pflag.FlagSet, group string) {
	f.VisitAll(func(flag *pflag.Flag) {
		flag.Annotations = map[string][]string{annotationGroup: {group}}
	})
}

// GroupOf returns the group of a flag, or "" without one: the flag is only of its command.
func GroupOf(f *pflag.Flag) string {
	if names := f.Annotations[annotationGroup]; len(names) > 0 {
		return names[0]
	}
	return ""
}
