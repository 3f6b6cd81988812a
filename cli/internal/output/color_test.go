package output_test

import (
	"strings"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/output"
)

// Only the first word of a row has a color, and only if it is a verdict.
func TestColorVerdict(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"ok    tls          TLS 1.3":  "\x1b[32mok\x1b[0m    tls          TLS 1.3",
		"pass  MUST":                  "\x1b[32mpass\x1b[0m  MUST",
		"warn  lock         warn ok":  "\x1b[33mwarn\x1b[0m  lock         warn ok",
		"unable  MUST":                "\x1b[33munable\x1b[0m  MUST",
		"fail  connect":               "\x1b[31mfail\x1b[0m  connect",
		"fail":                        "\x1b[31mfail\x1b[0m",
		"skip    MUST":                "skip    MUST",
		"      -> --chunk-size 64KiB": "      -> --chunk-size 64KiB",
		"okay":                        "okay",
		"":                            "",
	}
	for row, want := range tests {
		if got := output.ColorVerdict(row); got != want {
			t.Errorf("%q: got %q, want %q", row, got, want)
		}
	}
}

// A file or a pipe gets no colors.
func TestVerdictWithoutTerminal(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	output.NewPrinter(&b, nil).Verdict("fail  100 %d", false)
	if b.String() != "fail  100 %d\n" {
		t.Errorf("got %q, want %q", b.String(), "fail  100 %d\n")
	}
}
