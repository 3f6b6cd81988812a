module github.com/tusker-go/tusker/integration

go 1.26.0

require (
	github.com/google/go-cmp v0.7.0
	github.com/hashicorp/go-retryablehttp v0.7.8
	github.com/tusker-go/tusker/client v0.0.0
	github.com/tusker-go/tusker/protocol v0.0.0
	github.com/tusker-go/tusker/retry v0.0.0
	github.com/tusker-go/tusker/testserver v0.0.0
	github.com/tusker-go/tusker/transport v0.0.0
	go.uber.org/goleak v1.3.0
	go.uber.org/zap v1.28.0
	go.uber.org/zap/exp v0.3.0
)

require (
	github.com/hashicorp/go-cleanhttp v0.5.2 // indirect
	github.com/tus/tusd/v2 v2.10.1 // indirect
	go.uber.org/multierr v1.10.0 // indirect
	golang.org/x/exp v0.0.0-20260611194520-c48552f49976 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace github.com/tusker-go/tusker/protocol => ../protocol

replace github.com/tusker-go/tusker/retry => ../retry

replace github.com/tusker-go/tusker/transport => ../transport

replace github.com/tusker-go/tusker/client => ../client

replace github.com/tusker-go/tusker/testserver => ../testserver

replace github.com/tusker-go/tusker/cli => ../cli
