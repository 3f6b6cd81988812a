package flags

import (
	"testing"
	"time"
)

// Commands are more patient with the engine of this machine, unless the user says how long.
func TestEnginePatience(t *testing.T) {
	for _, test := range []struct {
		engine Engine
		want   time.Duration
	}{
		{Engine{}, time.Minute},
		{Engine{URL: "nats://host"}, 10 * time.Second},
		{Engine{wait: time.Second}, time.Second},
		{Engine{URL: "nats://host", wait: time.Second}, time.Second},
	} {
		if got := test.engine.patience(); got != test.want {
			t.Errorf("%+v waits for %v, want %v", test.engine, got, test.want)
		}
	}
}
