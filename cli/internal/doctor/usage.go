package doctor

import (
	"slices"
	"strings"
)

// Merge returns given and the flags of the report. A flag of the report replaces those
// of the same name, but flags that can be repeated add up.
func (r *Report) Merge(given []Flag) []Flag {
	merged := slices.DeleteFunc(slices.Clone(given), func(f Flag) bool {
		return !isRepeated(f.Name) && slices.ContainsFunc(r.Flags, func(own Flag) bool { return own.Name == f.Name })
	})
	for _, f := range r.Flags {
		if !slices.Contains(merged, f) {
			merged = append(merged, f)
		}
	}
	return merged
}

func isRepeated(name string) bool {
	return slices.Contains([]string{"--header", "--metadata", "--trust-origin"}, name)
}

// CommandLine returns the command that uploads a file to endpoint with these flags.
// Quote makes one word of a value for the shell.
func CommandLine(endpoint string, flags []Flag, quote func(string) string) string {
	words := []string{"tusker", "upload"}
	for _, f := range flags {
		words = append(words, f.Name)
		if f.Value != "" {
			words = append(words, quote(f.Value))
		}
	}
	return strings.Join(append(words, quote(endpoint), "FILE"), " ")
}

// ConfigSnippet returns the lines of a config file that give a name to the endpoint
// with these flags.
func ConfigSnippet(name, endpoint string, flags []Flag) []string {
	lines := []string{"endpoints:", "  " + name + ":", "    url: " + yamlText(endpoint)}
	values := make(map[string][]string)
	var names []string
	for _, f := range flags {
		name := strings.TrimPrefix(f.Name, "--")
		if values[name] == nil {
			names = append(names, name)
		}
		value := "true"
		if f.Value != "" {
			value = yamlText(f.Value)
		}
		values[name] = append(values[name], value)
	}
	for _, name := range names {
		value := values[name][0]
		if len(values[name]) > 1 {
			value = "[" + strings.Join(values[name], ", ") + "]"
		}
		lines = append(lines, "    "+name+": "+value)
	}
	return lines
}

// yamlText returns a scalar of YAML. Plain scalars with only these characters need no
// quotes; numbers with a unit and URLs are such scalars.
func yamlText(s string) string {
	plain := s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("_-./:+", r)
	}) && strings.Trim(s, ":-") == s
	if plain {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}
