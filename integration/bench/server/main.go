// Command server is the server of the benchmarks: a null store, tusd, or a relay
// that simulates a network. Each is a separate process, so that the CPU times of
// client and server can be measured separately.
//
//	server null [-tls] [-http2]
//	server tusd [-tls] -dir DIR
//	server relay -to ADDRESS [-delay D] [-rate N] [-reset N]
//
// It listens on loopback, prints its address in one line of JSON (see
// [control.Ready]), and ends when its standard input ends.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/tusker-go/tusker/integration/bench/internal/control"
)

// counter contains the statistics that the control address returns.
type counter interface {
	stats() (control.Stats, error)
	reset() error
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "server: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("null, tusd or relay")
	}
	flags := flag.NewFlagSet(args[0], flag.ExitOnError)
	var start func() (control.Ready, counter, func(), error)
	switch args[0] {
	case "null":
		tls := flags.Bool("tls", false, "serve https")
		http2 := flags.Bool("http2", false, "offer HTTP/2 too")
		start = func() (control.Ready, counter, func(), error) { return startNull(*tls, *http2) }
	case "tusd":
		tls := flags.Bool("tls", false, "serve https")
		dir := flags.String("dir", "", "where uploads are kept")
		start = func() (control.Ready, counter, func(), error) { return startTusd(*dir, *tls) }
	case "relay":
		var link link
		to := flags.String("to", "", "address of the server")
		flags.DurationVar(&link.delay, "delay", 0, "one way")
		flags.Int64Var(&link.rate, "rate", 0, "bytes a second to the server, per connection; 0 for no limit")
		flags.Int64Var(&link.cut, "reset", 0, "bytes to the server after which a connection is reset; 0 for never")
		start = func() (control.Ready, counter, func(), error) { return startRelay(*to, link) }
	default:
		return fmt.Errorf("%q is none of null, tusd and relay", args[0])
	}
	_ = flags.Parse(args[1:]) // Parse exits if there is an error.
	ready, counter, stop, err := start()
	if err != nil {
		return err
	}
	defer stop()
	address, stopControl := serveControl(counter)
	defer stopControl()
	ready.Control = address
	if err := json.NewEncoder(os.Stdout).Encode(ready); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
