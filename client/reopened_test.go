package client

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// A reader with ReadAt can be opened several times, from its current position. Any other reader
// can be opened once.
func TestReopened(t *testing.T) {
	section := io.NewSectionReader(strings.NewReader("__hello__"), 2, 5)
	skipped := strings.NewReader("..hello")
	_, _ = skipped.Seek(2, io.SeekStart)
	half := io.NewSectionReader(strings.NewReader("--hello"), 0, 7)
	_, _ = half.Seek(2, io.SeekStart)
	for name, r := range map[string]io.Reader{
		"bytes": bytes.NewReader([]byte("hello")), "strings": skipped, "section": section, "half a section": half,
	} {
		t.Run(name, func(t *testing.T) {
			reader := reopened(r)
			for range 2 {
				r, err := reader()
				if err != nil {
					t.Fatal(err)
				}
				if got, err := io.ReadAll(r); string(got) != "hello" || err != nil {
					t.Errorf("%q, %v, want %q and no error", got, err, "hello")
				}
			}
		})
	}
	t.Run("once", func(t *testing.T) {
		reader := reopened(iotest.OneByteReader(strings.NewReader("hello")))
		if _, err := reader(); err != nil {
			t.Fatal(err)
		}
		if _, err := reader(); !errors.Is(err, ErrSourceUsed) {
			t.Errorf("error %v, want ErrSourceUsed", err)
		}
	})
}
