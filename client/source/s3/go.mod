module github.com/tusker-go/tusker/client/source/s3

go 1.26.0

require (
	github.com/aws/aws-sdk-go-v2 v1.48.0
	github.com/aws/aws-sdk-go-v2/credentials v1.21.0
	github.com/aws/aws-sdk-go-v2/feature/ec2/imds v1.20.9
	github.com/google/go-cmp v0.7.0
	github.com/tusker-go/tusker/client v0.0.0
	github.com/tusker-go/tusker/retry v0.0.0
	github.com/tusker-go/tusker/transport v0.0.0
	go.uber.org/goleak v1.3.0
)

require (
	github.com/aws/smithy-go v1.28.9 // indirect
	github.com/tusker-go/tusker/protocol v0.0.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/time v0.16.0 // indirect
)

replace github.com/tusker-go/tusker/client => ../..

replace github.com/tusker-go/tusker/protocol => ../../../protocol

replace github.com/tusker-go/tusker/retry => ../../../retry

replace github.com/tusker-go/tusker/transport => ../../../transport
