package clienttest

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// WantLogged checks that log, written by slog.TextHandler, contains one line with this level
// and message, and returns that line.
func WantLogged(t *testing.T, log *bytes.Buffer, level slog.Level, message string) string {
	t.Helper()
	start := "level=" + level.String() + " msg=\"" + message + "\""
	found := ""
	for line := range strings.Lines(log.String()) {
		if !strings.Contains(line, start) {
			continue
		}
		if found != "" {
			t.Errorf("%q is in the log twice", message)
		}
		found = line
	}
	if found == "" {
		t.Errorf("%q is not in the log:\n%s", start, log)
	}
	return found
}

// WantNoWarning checks that log contains no line with level WARN.
func WantNoWarning(t *testing.T, log *bytes.Buffer) {
	t.Helper()
	if strings.Contains(log.String(), "level="+slog.LevelWarn.String()) {
		t.Errorf("warnings, want none:\n%s", log)
	}
}

// NotResumable is the message of the warning that a store failed, so that a later run cannot
// resume the upload.
const NotResumable = "upload cannot be resumed by a later run"
