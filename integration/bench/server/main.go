// Command server is the other end of the benchmarks: a null store, tusd, or a
// relay that stands for a network, each a process of its own, so that the CPU
// time of client and server can be told apart.
//
//	server null [-tls] [-http2]
//	server tusd [-tls] -dir DIR
//	server relay -to ADDRESS [-delay D] [-rate N] [-reset N]
//
// It listens on loopback, says where in one line of JSON (see [control.Ready]),
// and ends when its standard input does.
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

// counter is what can be asked over the control address.
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
	_ = flags.Parse(args[1:]) // It exits by itself.
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
