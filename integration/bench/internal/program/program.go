// Package program is what the programs that take part in the benchmarks have in
// common: the same arguments, the same way through the files.
package program

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"sync"
)

// Program is what a program was asked to send.
type Program struct {
	// Endpoint is the creation URL.
	Endpoint string

	// CA is the file with the certificate to trust, in PEM. "": the system's.
	CA string

	// Concurrency is how many files are sent at once.
	Concurrency int

	// Best asks for the settings that are best for the work, where a client's
	// defaults are not.
	Best bool

	// Size is the length of standard input.
	Size int64

	// Files are to be sent; "-" is standard input.
	Files []string
}

// Main parses the command line, with further flags of the caller's, calls send,
// and ends the process.
func Main(send func(*Program) error) {
	p := &Program{}
	flag.StringVar(&p.Endpoint, "endpoint", "", "creation URL")
	flag.StringVar(&p.CA, "cacert", "", "certificate to trust, in PEM")
	flag.IntVar(&p.Concurrency, "concurrency", 1, "files at once")
	flag.BoolVar(&p.Best, "best", false, "best settings instead of the defaults")
	flag.Int64Var(&p.Size, "size", 0, "length of standard input")
	flag.Parse()
	p.Files = flag.Args()
	err := errors.New("no file")
	if len(p.Files) > 0 {
		err = send(p)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", os.Args[0], err)
		os.Exit(1)
	}
}

// Transport is that of net/http, which trusts the certificate and keeps as many
// connections as there are files at once.
func (p *Program) Transport() (*http.Transport, error) {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = p.Concurrency
	if p.CA == "" {
		return t, nil
	}
	pem, err := os.ReadFile(p.CA)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: no certificate", p.CA)
	}
	t.TLSClientConfig = &tls.Config{RootCAs: pool}
	return t, nil
}

// Each calls send for each file, Concurrency of them at a time, and returns the
// first error.
func (p *Program) Each(send func(name string) error) error {
	var (
		workers sync.WaitGroup
		once    sync.Once
		first   error
	)
	names := make(chan string)
	for range min(p.Concurrency, len(p.Files)) {
		workers.Go(func() {
			for name := range names {
				if err := send(name); err != nil {
					once.Do(func() { first = fmt.Errorf("%s: %w", name, err) })
				}
			}
		})
	}
	for _, name := range p.Files {
		names <- name
	}
	close(names)
	workers.Wait()
	return first
}

// Open opens a file and tells its size. Standard input is as long as announced.
func (p *Program) Open(name string) (*os.File, int64, error) {
	if name == "-" {
		return os.Stdin, p.Size, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}
