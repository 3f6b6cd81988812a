package logs_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/logs"
)

// Joined errors are on one line of a record, without an escaped line break.
func TestJoinedErrors(t *testing.T) {
	t.Parallel()
	for _, format := range []string{logs.Console, logs.JSON} {
		var b strings.Builder
		log, err := logs.New(&b, format, slog.LevelInfo)
		if err != nil {
			t.Fatal(err)
		}
		joined := errors.Join(errors.New("disk full"), errors.New("close: \xff"))
		log.Info("one", "err", joined)
		log.With("err", joined).Info("two")
		if text := b.String(); strings.Count(text, "disk full; close: ") != 2 || strings.Count(text, "err_bytes") != 2 {
			t.Errorf("%s: got %s, want 2 × %q and 2 × %q", format, text, "disk full; close: ", "err_bytes")
		}
	}
}
