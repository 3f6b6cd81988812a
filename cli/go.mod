module github.com/tusker-go/tusker/cli

go 1.26.0

require (
	github.com/bmatcuk/doublestar/v4 v4.10.4
	github.com/fsnotify/fsnotify v1.10.1
	github.com/google/go-cmp v0.7.0
	github.com/mattn/go-runewidth v0.0.31
	github.com/rogpeppe/go-internal v1.16.0
	github.com/spf13/cobra v1.10.2
	github.com/spf13/pflag v1.0.10
	github.com/tusker-go/tusker/client v0.0.0
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
	golang.org/x/text v0.41.0
)

require (
	github.com/clipperhouse/uax29/v2 v2.2.0 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/tus/tusd/v2 v2.10.1 // indirect
	go.uber.org/multierr v1.10.0 // indirect
	golang.org/x/exp v0.0.0-20260611194520-c48552f49976 // indirect
	golang.org/x/time v0.16.0 // indirect
	golang.org/x/tools v0.48.0 // indirect
)

replace github.com/tusker-go/tusker/protocol => ../protocol

replace github.com/tusker-go/tusker/retry => ../retry

replace github.com/tusker-go/tusker/transport => ../transport

replace github.com/tusker-go/tusker/client => ../client

replace github.com/tusker-go/tusker/testserver => ../testserver

replace github.com/tusker-go/tusker/testserver/conformance => ../testserver/conformance
