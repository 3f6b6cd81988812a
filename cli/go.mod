module github.com/tusker-go/tusker/cli

go 1.26.0

require (
	github.com/bmatcuk/doublestar/v4 v4.10.4
	github.com/fsnotify/fsnotify v1.10.1
	github.com/google/go-cmp v0.7.0
	github.com/mattn/go-runewidth v0.0.31
	github.com/nats-io/nats.go v1.55.0
	github.com/rogpeppe/go-internal v1.16.0
	github.com/spf13/cobra v1.10.2
	github.com/spf13/pflag v1.0.10
	github.com/tusker-go/tusker/client v0.0.0
	github.com/tusker-go/tusker/client/fleet v0.0.0
	github.com/tusker-go/tusker/client/fleet/embedded v0.0.0
	github.com/tusker-go/tusker/client/source/s3 v0.0.0
	github.com/tusker-go/tusker/protocol v0.0.0
	github.com/tusker-go/tusker/retry v0.0.0
	github.com/tusker-go/tusker/testserver v0.0.0
	github.com/tusker-go/tusker/testserver/conformance v0.0.0
	github.com/tusker-go/tusker/transport v0.0.0
	go.uber.org/goleak v1.3.0
	go.uber.org/zap v1.28.0
	go.uber.org/zap/exp v0.3.0
	go.yaml.in/yaml/v3 v3.0.6
	golang.org/x/sys v0.49.0
	golang.org/x/term v0.47.0
	golang.org/x/text v0.43.0
)

require (
	github.com/antithesishq/antithesis-sdk-go v0.8.0-default-no-op // indirect
	github.com/aws/aws-sdk-go-v2 v1.48.0 // indirect
	github.com/aws/aws-sdk-go-v2/credentials v1.21.0 // indirect
	github.com/aws/aws-sdk-go-v2/feature/ec2/imds v1.20.9 // indirect
	github.com/aws/smithy-go v1.28.9 // indirect
	github.com/clipperhouse/uax29/v2 v2.2.0 // indirect
	github.com/google/go-tpm v0.9.8 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/minio/highwayhash v1.0.4 // indirect
	github.com/nats-io/jwt/v2 v2.8.2 // indirect
	github.com/nats-io/nats-server/v2 v2.15.2 // indirect
	github.com/nats-io/nkeys v0.4.16 // indirect
	github.com/nats-io/nuid v1.0.1 // indirect
	github.com/tus/tusd/v2 v2.10.1 // indirect
	go.uber.org/multierr v1.10.0 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/exp v0.0.0-20260611194520-c48552f49976 // indirect
	golang.org/x/time v0.16.0 // indirect
	golang.org/x/tools v0.51.0 // indirect
)

replace github.com/tusker-go/tusker/protocol => ../protocol

replace github.com/tusker-go/tusker/retry => ../retry

replace github.com/tusker-go/tusker/transport => ../transport

replace github.com/tusker-go/tusker/client => ../client

replace github.com/tusker-go/tusker/client/source/s3 => ../client/source/s3

replace github.com/tusker-go/tusker/testserver => ../testserver

replace github.com/tusker-go/tusker/testserver/conformance => ../testserver/conformance

replace github.com/tusker-go/tusker/client/fleet => ../client/fleet

replace github.com/tusker-go/tusker/client/fleet/embedded => ../client/fleet/embedded
