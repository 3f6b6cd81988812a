//go:build linux

package integration

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tusker-go/tusker/integration/internal/chaos"
)

// These measures have small numbers here. "task chaos" has the large ones.
func TestChaosMeasures(t *testing.T) {
	programs := buildChaos(t)
	tests := map[string]func(context.Context, chaos.Setup) ([]chaos.Row, error){
		"two owners": chaos.TwoOwners,
		"takeover": func(ctx context.Context, setup chaos.Setup) ([]chaos.Row, error) {
			return chaos.Takeover(ctx, setup, 64<<20)
		},
		"replaced source": chaos.Replaced,
		"drain":           chaos.MeasureDrain,
	}
	for name, measure := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
			defer cancel()
			rows, err := measure(ctx, chaos.Setup{Fleet: &chaos.Library{Program: programs.chaos}, Tusker: programs.tusker, Dir: os.TempDir()})
			var table strings.Builder
			chaos.WriteRows(&table, rows)
			t.Log("\n" + table.String())
			if err == nil {
				err = chaos.Unmet(rows)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
}
