package fleet

import (
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// Connect connects to the engine at url, as in "nats://host:4222", with the options that
// workers need: the connection comes back by itself after a restart of the engine, and a
// request fails at once while there is none. The options are added to these. The error Is
// ErrUnauthorized or ErrEngineUnreachable. The caller closes the connection.
func Connect(url string, options ...nats.Option) (*nats.Conn, error) {
	conn, err := nats.Connect(url, append(ConnectOptions(), options...)...)
	if err == nil {
		return conn, nil
	}
	if err := engineError(err); err != nil && meaningOf(err) != nil {
		return nil, fmt.Errorf("connect to the engine: %w", err)
	}
	return nil, fmt.Errorf("connect to the engine: %w: %w", ErrEngineUnreachable, err)
}

// ConnectOptions returns the options that Connect uses, for a connection that is made in
// another way, such as within the process.
func ConnectOptions() []nats.Option {
	const (
		dial      = 5 * time.Second
		reconnect = 100 * time.Millisecond
		ping      = 5 * time.Second
	)
	return []nats.Option{
		nats.Name("tusker"), nats.Timeout(dial), nats.MaxReconnects(-1), nats.ReconnectWait(reconnect), nats.ReconnectJitter(reconnect, 2*reconnect),
		nats.PingInterval(ping), nats.MaxPingsOutstanding(2),
		nats.ReconnectBufSize(-1), // a request must not reach the engine long after its caller has given up
		nats.IgnoreAuthErrorAbort(),
	}
}
