module github.com/tusker-go/tusker/client/fleet/embedded

go 1.26.0

require (
	github.com/nats-io/nats-server/v2 v2.15.2
	github.com/nats-io/nats.go v1.55.0
	github.com/tusker-go/tusker/client v0.0.0
	github.com/tusker-go/tusker/client/fleet v0.0.0
)

replace github.com/tusker-go/tusker/client => ../..

replace github.com/tusker-go/tusker/client/fleet => ..

replace github.com/tusker-go/tusker/protocol => ../../../protocol

replace github.com/tusker-go/tusker/retry => ../../../retry

replace github.com/tusker-go/tusker/transport => ../../../transport
