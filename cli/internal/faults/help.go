package faults

import "strings"

// column is the position of the second column of Help.
const column = 26

// Help returns the list of actions for tus and RUFH in lines of at most width columns.
func Help(width int) string { return help(commonActions, width) }

// HelpRUFH returns the list of actions for RUFH only.
func HelpRUFH(width int) string { return help(interimActions, width) }

func help(actions []action, width int) string {
	var b strings.Builder
	for _, a := range actions {
		name := "  " + a.usage()
		if len(name) > column-2 {
			b.WriteString(name + "\n")
			name = ""
		}
		for _, line := range wrapped(a.doc, width-column) {
			b.WriteString(name)
			b.WriteString(strings.Repeat(" ", column-len(name)))
			b.WriteString(line)
			b.WriteByte('\n')
			name = ""
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// wrapped breaks text, of words no longer than width with one space between them, into lines.
func wrapped(text string, width int) []string {
	var lines []string
	for len(text) > width {
		end := strings.LastIndexByte(text[:width+1], ' ')
		lines, text = append(lines, text[:end]), text[end+1:]
	}
	return append(lines, text)
}
