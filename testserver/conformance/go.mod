module github.com/tusker-go/tusker/testserver/conformance

go 1.26.0

require (
	github.com/google/go-cmp v0.7.0
	github.com/tusker-go/tusker/protocol v0.0.0
	github.com/tusker-go/tusker/transport v0.0.0
	go.uber.org/goleak v1.3.0
)

replace github.com/tusker-go/tusker/protocol => ../../protocol

replace github.com/tusker-go/tusker/transport => ../../transport
