package testserver_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/tusker-go/tusker/testserver"
)

// Config.Logger gets tusd's log at debug level.
func TestLogger(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		level  slog.Level
		logged bool
	}{
		{"debug", slog.LevelDebug, true},
		{"info", slog.LevelInfo, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			s := testserver.New(t, testserver.Config{
				Logger: slog.New(slog.NewJSONHandler(&b, &slog.HandlerOptions{Level: tt.level})),
			})
			url := create(t, s, 10)
			finish(t, s, url, content(10))
			s.Close()
			found := false
			for line := range bytes.Lines(b.Bytes()) {
				var r struct{ Level, Msg, Path, ID string }
				if err := json.Unmarshal(line, &r); err != nil {
					t.Fatalf("%q: %v", line, err)
				}
				if r.Level != "DEBUG" {
					t.Errorf("got level %s, want DEBUG", r.Level)
				}
				if r.Msg == "UploadFinished" && s.URL()+r.ID == url && r.Path == r.ID {
					found = true
				}
			}
			if found != tt.logged {
				t.Errorf("UploadFinished is in the log: %v, want %v; log:\n%s", found, tt.logged, &b)
			}
		})
	}
}
