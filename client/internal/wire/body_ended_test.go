package wire

import (
	"errors"
	"io"
	"testing"
)

// A body hands on no byte after the context of its request has ended, not even if it ended
// while the mark of the last byte was saved.
func TestBodyEnded(t *testing.T) {
	errLost := errors.New("lease was lost")
	for name, atLast := range map[string]bool{"before a byte": false, "while the last byte is announced": true} {
		t.Run(name, func(t *testing.T) {
			b := newBody(t, 5, reading("hello"))
			var ended error
			b.over = func() error { return ended }
			b.Final, b.BeforeLast = true, func() error {
				if atLast {
					ended = errLost
				}
				return nil
			}
			r, err := b.open()
			if err != nil {
				t.Fatal(err)
			}
			want := 4
			if !atLast {
				want = 2
				if _, err := io.ReadFull(r, make([]byte, want)); err != nil {
					t.Fatal(err)
				}
				ended = errLost
			}
			rest, err := io.ReadAll(r)
			if !errors.Is(err, errLost) || b.Sent() != int64(want) {
				t.Errorf("sent %d with the rest %q and error %v, want %d and %v", b.Sent(), rest, err, want, errLost)
			}
		})
	}
}
