package compare

import (
	"fmt"
	"strings"
)

// Page returns the text of docs/compare.md.
func Page() string {
	var b strings.Builder
	b.WriteString(`# Comparison

<!-- Written by "go run ./integration/compare". Change integration/internal/compare instead. -->

Each cell links to the place where the fact was read. A cell in bold links to a test of this
repository instead, which runs in CI and proves it.

tus-js-client is the best choice in browsers, rclone for any other storage, and aiotus or tuspy
in Python.

`)
	b.WriteString("| |")
	for _, c := range clients {
		fmt.Fprintf(&b, " %s |", c.name)
	}
	b.WriteString("\n|" + strings.Repeat(" --- |", len(clients)+1) + "\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s |", r.feature)
		for i, c := range r.cells {
			fmt.Fprintf(&b, " %s |", c.markdown(clients[i]))
		}
		b.WriteByte('\n')
	}
	b.WriteString("\n## Versions\n\n| client | what was read |\n| --- | --- |\n")
	for _, c := range clients {
		fmt.Fprintf(&b, "| %s | %s |\n", c.name, c.version)
	}
	b.WriteString("\n[Benchmarks](benchmarks.md) compare the speed of clients, and [Servers](servers.md) has the servers.\n")
	return b.String()
}

func (c cell) markdown(of client) string {
	switch {
	case c.test != "":
		return fmt.Sprintf("**[%s](../%s %q)**", c.text, c.file, c.test)
	case of.at == "":
		return fmt.Sprintf("[%s](../%s)", c.text, c.file)
	default:
		return fmt.Sprintf("[%s](%s%s)", c.text, of.at, c.file)
	}
}

// Tests returns the tests that prove cells, by their file.
func Tests() map[string][]string {
	tests := make(map[string][]string)
	for _, r := range rows {
		for _, c := range r.cells {
			if c.test != "" {
				tests[c.file] = append(tests[c.file], c.test)
			}
		}
	}
	return tests
}
