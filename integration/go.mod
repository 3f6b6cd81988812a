module github.com/tusker-go/tusker/integration

go 1.26.0

require (
	github.com/google/go-cmp v0.7.0
	github.com/hashicorp/go-retryablehttp v0.7.8
	github.com/jackc/pgx/v5 v5.12.0
	github.com/nats-io/nats.go v1.55.0
	github.com/redis/go-redis/v9 v9.23.0
	github.com/tusker-go/tusker/client v0.0.0
	github.com/tusker-go/tusker/client/fleet v0.0.0
	github.com/tusker-go/tusker/client/fleet/embedded v0.0.0-00010101000000-000000000000
	github.com/tusker-go/tusker/client/pgstore v0.0.0
	github.com/tusker-go/tusker/client/redisstore v0.0.0
	github.com/tusker-go/tusker/protocol v0.0.0
	github.com/tusker-go/tusker/retry v0.0.0
	github.com/tusker-go/tusker/testserver v0.0.0
	github.com/tusker-go/tusker/testserver/conformance v0.0.0
	github.com/tusker-go/tusker/transport v0.0.0
	github.com/yuin/goldmark v1.8.7
	go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp v0.72.0
	go.opentelemetry.io/otel/sdk v1.47.0
	go.uber.org/goleak v1.3.0
	go.uber.org/zap v1.28.0
	go.uber.org/zap/exp v0.3.0
	golang.org/x/mod v0.41.0
	golang.org/x/oauth2 v0.37.0
	golang.org/x/sync v0.24.0
)

require (
	github.com/antithesishq/antithesis-sdk-go v0.8.0-default-no-op // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/felixge/httpsnoop v1.1.0 // indirect
	github.com/go-logr/logr v1.4.4 // indirect
	github.com/go-logr/stdr v1.2.2 // indirect
	github.com/google/go-tpm v0.9.8 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/hashicorp/go-cleanhttp v0.5.2 // indirect
	github.com/jackc/pgpassfile v1.0.0 // indirect
	github.com/jackc/pgservicefile v0.0.0-20240606120523-5a60cdf6a761 // indirect
	github.com/jackc/puddle/v2 v2.2.3 // indirect
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/minio/highwayhash v1.0.4 // indirect
	github.com/nats-io/jwt/v2 v2.8.2 // indirect
	github.com/nats-io/nats-server/v2 v2.15.2 // indirect
	github.com/nats-io/nkeys v0.4.16 // indirect
	github.com/nats-io/nuid v1.0.1 // indirect
	github.com/tus/tusd/v2 v2.10.1 // indirect
	go.opentelemetry.io/auto/sdk v1.2.1 // indirect
	go.opentelemetry.io/otel v1.47.0 // indirect
	go.opentelemetry.io/otel/log v1.47.0 // indirect
	go.opentelemetry.io/otel/metric v1.47.0 // indirect
	go.opentelemetry.io/otel/trace v1.47.0 // indirect
	go.uber.org/atomic v1.12.0 // indirect
	go.uber.org/multierr v1.10.0 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/exp v0.0.0-20260611194520-c48552f49976 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.43.0 // indirect
	golang.org/x/time v0.16.0 // indirect
)

replace github.com/tusker-go/tusker/protocol => ../protocol

replace github.com/tusker-go/tusker/retry => ../retry

replace github.com/tusker-go/tusker/transport => ../transport

replace github.com/tusker-go/tusker/client => ../client

replace github.com/tusker-go/tusker/client/pgstore => ../client/pgstore

replace github.com/tusker-go/tusker/client/redisstore => ../client/redisstore

replace github.com/tusker-go/tusker/testserver => ../testserver

replace github.com/tusker-go/tusker/testserver/conformance => ../testserver/conformance

replace github.com/tusker-go/tusker/cli => ../cli

replace github.com/tusker-go/tusker/client/fleet => ../client/fleet

replace github.com/tusker-go/tusker/client/fleet/embedded => ../client/fleet/embedded
