module github.com/tusker-go/tusker/client/redisstore

go 1.26.0

require (
	github.com/redis/go-redis/v9 v9.23.0
	github.com/tusker-go/tusker/client v0.0.0
	github.com/tusker-go/tusker/protocol v0.0.0
	go.uber.org/goleak v1.3.0
)

require (
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/tusker-go/tusker/retry v0.0.0 // indirect
	github.com/tusker-go/tusker/transport v0.0.0 // indirect
	go.uber.org/atomic v1.12.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace github.com/tusker-go/tusker/protocol => ../../protocol

replace github.com/tusker-go/tusker/retry => ../../retry

replace github.com/tusker-go/tusker/transport => ../../transport

replace github.com/tusker-go/tusker/client => ../../client
