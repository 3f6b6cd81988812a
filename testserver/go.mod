module github.com/tusker-go/tusker/testserver

go 1.26.0

require (
	github.com/google/go-cmp v0.7.0
	github.com/tus/tusd/v2 v2.10.1
	github.com/tusker-go/tusker/protocol v0.0.0
	go.uber.org/goleak v1.3.0
	golang.org/x/exp v0.0.0-20260611194520-c48552f49976
)

replace github.com/tusker-go/tusker/protocol => ../protocol
