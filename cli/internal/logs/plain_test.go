package logs_test

import (
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/logs"
)

// S-TERMINAL: a record is one line that is safe to show, whatever it contains.
func TestRecordsCanBeShown(t *testing.T) {
	t.Parallel()
	const nasty = "\x1b[31m\x7f\u009b31m\u202egpj.\xff\r\nx"
	for _, format := range []string{logs.Console, logs.JSON} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			log, err := logs.New(&b, format, slog.LevelDebug)
			if err != nil {
				t.Fatal(err)
			}
			log.Warn("said", "text", nasty, "err", errors.New(nasty), "list", []string{nasty}, "bytes", []byte(nasty))
			line, ok := strings.CutSuffix(b.String(), "\n")
			if !ok || strings.ContainsFunc(line, func(r rune) bool { return !strconv.IsPrint(r) }) {
				t.Errorf("got %q, want one line that can be printed", b.String())
			}
		})
	}
}
