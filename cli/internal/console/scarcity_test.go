package console_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/client"
)

// Uploads that lack open files, and their records, are one line for the user. Other problems of
// records are told.
func TestScarcityIsOneLine(t *testing.T) {
	scarce := fmt.Errorf("filestore: save record 4f1d: %w", client.ErrScarce)
	tests := map[string]struct {
		args []string
		want []string // parts of the lines
	}{
		"for people": {nil, []string{"files wait until others have finished", "disk full"}},
		"in JSON":    {[]string{"--log-format", "json"}, []string{"wait until another one ends", "cannot be resumed", "not updated", "disk full"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c, stderr := start(t, test.args...)
			log := c.ClientLog().With("url", "http://h/1")
			log.Warn("uploads wait until another one ends", "err", errors.New("too many open files"))
			log.Warn("upload cannot be resumed by a later run", "err", scarce)
			log.WithGroup("g").Warn("record not updated", "n", 1, "err", scarce)
			log.Warn("record not updated", "err", errors.New("disk full"))
			lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
			if len(lines) != len(test.want) {
				t.Fatalf("says %q, want %v lines", stderr, len(test.want))
			}
			for i, want := range test.want {
				if !strings.Contains(lines[i], want) {
					t.Errorf("line %q, want %q in it", lines[i], want)
				}
			}
		})
	}
}
