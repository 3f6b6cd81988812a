// Package program has the arguments and the loop over files that all programs in the
// benchmarks share.
package program

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
)

// Program has the arguments of a program.
type Program struct {
	// Endpoint is the creation URL.
	Endpoint string

	// CA is the file with the certificate to trust, in PEM. "": the system's.
	CA string

	// Concurrency is how many files are sent at once.
	Concurrency int

	// Best selects the best settings for the task instead of the client's defaults.
	Best bool

	// Size is the length of standard input.
	Size int64

	// Files are the names of the files to send. "-" is standard input.
	Files []string
}

// Main parses the command line, including flags of the caller, calls send, and exits.
func Main(send func(*Program) error) {
	p := &Program{}
	flag.StringVar(&p.Endpoint, "endpoint", "", "creation URL")
	flag.StringVar(&p.CA, "cacert", "", "certificate to trust, in PEM")
	flag.IntVar(&p.Concurrency, "concurrency", 1, "files at once")
	flag.BoolVar(&p.Best, "best", false, "best settings instead of the defaults")
	flag.Int64Var(&p.Size, "size", 0, "length of standard input")
	dir := flag.String("dir", "", "send the files in this folder, too")
	flag.Parse()
	p.Files = flag.Args()
	err := p.addFolder(*dir)
	if err == nil && len(p.Files) == 0 {
		err = errors.New("no file")
	}
	if err == nil {
		err = send(p)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", os.Args[0], err)
		os.Exit(1)
	}
}

// addFolder adds the files in a folder. "": none.
func (p *Program) addFolder(dir string) error {
	if dir == "" {
		return nil
	}
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		p.Files = append(p.Files, filepath.Join(dir, e.Name()))
	}
	return err
}

// Transport is a net/http transport that trusts the certificate and keeps one connection
// for each file that is sent at the same time.
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

// Each calls send for each file, for at most Concurrency files at a time, and returns the
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

// Open opens a file and returns its size. Standard input has the announced size.
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
