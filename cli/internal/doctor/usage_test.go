package doctor_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/cli/internal/doctor"
)

// The command and the config file have the flags of the user and those of the advice.
func TestUsage(t *testing.T) {
	t.Parallel()
	quote := func(s string) string {
		if strings.ContainsAny(s, " '") {
			return `"` + s + `"`
		}
		return s
	}
	tests := map[string]struct {
		given, found []doctor.Flag
		command      string
		config       []string
	}{
		"nothing": {
			command: "tusker upload https://tus.example/files/ FILE",
			config:  []string{"endpoints:", "  NAME:", "    url: https://tus.example/files/"},
		},
		"a flag without a value": {
			found:   []doctor.Flag{{Name: "--method-override"}},
			command: "tusker upload --method-override https://tus.example/files/ FILE",
			config:  []string{"endpoints:", "  NAME:", "    url: https://tus.example/files/", "    method-override: true"},
		},
		"the advice wins": {
			given:   []doctor.Flag{{Name: "--chunk-size", Value: "8MiB"}, {Name: "--cacert", Value: "our ca.pem"}},
			found:   []doctor.Flag{{Name: "--chunk-size", Value: "64KiB"}},
			command: `tusker upload --cacert "our ca.pem" --chunk-size 64KiB https://tus.example/files/ FILE`,
			config: []string{
				"endpoints:", "  NAME:", "    url: https://tus.example/files/", "    cacert: 'our ca.pem'", "    chunk-size: 64KiB",
			},
		},
		"repeated flags": {
			given:   []doctor.Flag{{Name: "--trust-origin", Value: "https://a.example"}, {Name: "--header", Value: "X: it's"}},
			found:   []doctor.Flag{{Name: "--trust-origin", Value: "https://b.example"}, {Name: "--trust-origin", Value: "https://a.example"}},
			command: `tusker upload --trust-origin https://a.example --header "X: it's" --trust-origin https://b.example https://tus.example/files/ FILE`,
			config: []string{
				"endpoints:", "  NAME:", "    url: https://tus.example/files/",
				"    trust-origin: [https://a.example, https://b.example]", "    header: 'X: it''s'",
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flags := (&doctor.Report{Flags: test.found}).Merge(test.given)
			if got := doctor.CommandLine("https://tus.example/files/", flags, quote); got != test.command {
				t.Errorf("got %s, want %s", got, test.command)
			}
			if diff := cmp.Diff(test.config, doctor.ConfigSnippet("NAME", "https://tus.example/files/", flags)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
