package fleet

import (
	"errors"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
)

// Each limit of an account and of a server that the engine reaches means that it is full.
func TestEngineErrorOfLimits(t *testing.T) {
	for code, name := range map[jetstream.ErrorCode]string{
		10002: "resources of the account", 10023: "resources of the server", 10026: "consumers", 10027: "streams", 10028: "memory", 10047: "disk",
	} {
		if err := engineError(&jetstream.APIError{Code: 400, ErrorCode: code}); !errors.Is(err, ErrEngineFull) {
			t.Errorf("limit of %s: error %v, want %v", name, err, ErrEngineFull)
		}
	}
}
