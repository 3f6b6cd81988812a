package app

import (
	"slices"

	"github.com/spf13/cobra"
)

// commands are the commands of the program by name, with the functions that make them.
var commands = []struct {
	name string
	make func(*app) *cobra.Command
}{
	{"upload", uploadCommand},
	{"resume", resumeCommand},
	{"metadata", metadataCommand},
	{"info", infoCommand},
	{"options", optionsCommand},
	{"concat", concatCommand},
	{"terminate", terminateCommand},
	{"serve", serveCommand},
	{"demo", demoCommand},
	{"version", versionCommand},
	{"uploads", uploadsCommand},
	{"download", downloadCommand},
	{"doctor", doctorCommand},
	{"conformance", conformanceCommand},
	{"profiles", profilesCommand},
	{"job", jobCommand},
	{"config", configCommand},
	{"completion", completionCommand},
	{"man", manCommand},
}

// annotationAll marks a command that uses the other commands.
const annotationAll = "tusker_all"

// root returns the command of the program. It has the commands that the arguments name, because
// making the flags of all others would take a tenth of the time of a start. It has all commands if
// the arguments name none, or one that uses the others.
func (a *app) root() *cobra.Command {
	a.program, a.complete = programCommand(a), false
	a.addCommands(func(name string) bool { return slices.Contains(a.args, name) })
	if found, _, err := a.program.Find(a.args); err != nil || found == a.program || found.Annotations[annotationAll] != "" {
		a.allCommands()
	}
	return a.program
}

// allCommands returns the command of the program after adding the commands that it lacks.
func (a *app) allCommands() *cobra.Command {
	if !a.complete {
		a.complete = true
		a.addCommands(func(string) bool { return true })
		if show, _, err := a.program.Find([]string{"config", "show"}); err == nil {
			addFlagsOfAll(show, a.program)
		}
	}
	return a.program
}

// addCommands adds the commands whose names are wanted and that the program does not have yet.
func (a *app) addCommands(wanted func(name string) bool) {
	var had []string
	for _, cmd := range a.program.Commands() {
		had = append(had, cmd.Name())
	}
	for _, c := range commands {
		if wanted(c.name) && !slices.Contains(had, c.name) {
			cmd := c.make(a)
			deferArguments(cmd)
			addHelpFlags(cmd)
			a.program.AddCommand(cmd)
		}
	}
}
