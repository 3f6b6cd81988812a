package engine

import (
	"testing"

	"github.com/tusker-go/tusker/protocol"
)

func TestHalved(t *testing.T) {
	const kib, mib = 1 << 10, 1 << 20
	for name, test := range map[string]struct {
		refused int64
		rule    protocol.Limits
		want    int64 // 0: no smaller body is worth a try
	}{
		"a large body":                 {1024 * mib, protocol.Limits{}, 512 * mib},
		"a small file":                 {200 * kib, protocol.Limits{}, 100 * kib},
		"half is below the least":      {100 * kib, protocol.Limits{}, 64 * kib},
		"the least":                    {64 * kib, protocol.Limits{}, 0},
		"a few bytes":                  {5, protocol.Limits{}, 0},
		"a multiple":                   {mib, protocol.Limits{Multiple: 300 * kib}, 300 * kib},
		"the server takes no smaller":  {mib, protocol.Limits{MinRequest: 600 * kib}, 0},
		"the least that a server take": {mib, protocol.Limits{MinRequest: 512 * kib}, 512 * kib},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := halved(test.refused, test.rule)
			if got != test.want || ok != (test.want > 0) {
				t.Errorf("%d, %v, want %d", got, ok, test.want)
			}
		})
	}
}

func TestAfterLoss(t *testing.T) {
	const mib = 1 << 20
	for name, test := range map[string]struct{ piece, sent, want int64 }{
		"all was sent":             {100 * mib, 100 * mib, 100 * mib},
		"a time limit cut it":      {10240 * mib, 300 * mib, 300 * mib},
		"an odd number was sent":   {64 * mib, 13*mib + 1, 12 * mib},
		"it was cut at once":       {10240 * mib, 1, 8 * mib},
		"a small body":             {3 * mib, 1, 3 * mib},
		"a small body, all of it":  {3 * mib, 3 * mib, 3 * mib},
		"only the buffers took it": {64 * mib, 2 * mib, 8 * mib},
	} {
		t.Run(name, func(t *testing.T) {
			if got := afterDrop(test.piece, test.sent); got != test.want {
				t.Errorf("%d, want %d", got, test.want)
			}
		})
	}
}
