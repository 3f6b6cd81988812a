module github.com/tusker-go/tusker/client/fleet

go 1.26.0

require (
	github.com/nats-io/nats.go v1.55.0
	github.com/nats-io/nuid v1.0.1
	github.com/tusker-go/tusker/client v0.0.0
	github.com/tusker-go/tusker/protocol v0.0.0
	github.com/tusker-go/tusker/retry v0.0.0
	github.com/tusker-go/tusker/transport v0.0.0
)

require (
	github.com/klauspost/compress v1.20.0 // indirect
	github.com/nats-io/nkeys v0.4.16 // indirect
	golang.org/x/crypto v0.57.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/time v0.16.0 // indirect
)

replace github.com/tusker-go/tusker/client => ..

replace github.com/tusker-go/tusker/protocol => ../../protocol

replace github.com/tusker-go/tusker/retry => ../../retry

replace github.com/tusker-go/tusker/transport => ../../transport
