package progress

import "testing"

func TestDrawnBar(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		sent, length int64
		width        int
		want         string
	}{
		{0, 0, 8, "[      ]"},
		{0, 100, 8, "[      ]"},
		{1, 100, 8, "[>     ]"},
		{16, 100, 8, "[>     ]"},
		{17, 100, 8, "[=>    ]"},
		{50, 100, 8, "[==>   ]"},
		{99, 100, 8, "[=====>]"},
		{100, 100, 8, "[======]"},
		{1<<62 - 1, 1 << 62, 8, "[=====>]"},
		{1 << 62, 1 << 62, 8, "[======]"},
		{101, 100, 8, "[======]"},
		{-1, 100, 8, "[      ]"},
		{50, 100, 3, "[>]"},
		{50, 100, 2, "[]"},
		{20, 100, 40, "[=======>                              ]"},
	} {
		if got := drawnBar(test.sent, test.length, test.width); got != test.want {
			t.Errorf("%d of %d: %q, want %q", test.sent, test.length, got, test.want)
		}
	}
}
