module github.com/tusker-go/tusker/integration/peers

go 1.26.0

require (
	github.com/bdragon300/tusgo v0.2.0
	github.com/eventials/go-tus v0.0.0-20220610120217-05d0564bb571
	github.com/google/go-cmp v0.7.0
	github.com/tusker-go/tusker/protocol v0.0.0
	github.com/tusker-go/tusker/testserver v0.0.0
	go.uber.org/goleak v1.3.0
)

require (
	github.com/tus/tusd/v2 v2.10.1 // indirect
	golang.org/x/exp v0.0.0-20260611194520-c48552f49976 // indirect
)

replace github.com/tusker-go/tusker/protocol => ../../protocol

replace github.com/tusker-go/tusker/testserver => ../../testserver
