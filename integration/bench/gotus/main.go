// Command gotus sends files with github.com/eventials/go-tus.
//
// The default settings of go-tus are a PATCH for each 2 MiB, and to end at the
// first failure. A chunk is a new buffer in memory for each request. The best
// settings are one chunk for a small file, chunks of 16 MiB for others, and a store
// in memory, which allows it to resume.
package main

import (
	"io"
	"net/http"

	peer "github.com/eventials/go-tus"
	"github.com/eventials/go-tus/memorystore"

	"github.com/tusker-go/tusker/integration/bench/internal/program"
)

const (
	large = 16 << 20
	tries = 100 // how often an upload is resumed
)

func main() { program.Main(run) }

func run(p *program.Program) error {
	transport, err := p.Transport()
	if err != nil {
		return err
	}
	return p.Each(func(name string) error {
		f, size, err := p.Open(name)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		config := peer.DefaultConfig()
		config.HttpClient = &http.Client{Transport: transport}
		if p.Best {
			config.ChunkSize = max(min(size, large), 1)
			config.Resume = true
			if config.Store, err = memorystore.NewMemoryStore(); err != nil {
				return err
			}
		}
		client, err := peer.NewClient(p.Endpoint, config)
		if err != nil {
			return err
		}
		var upload *peer.Upload
		if name == "-" {
			upload = peer.NewUpload(pipe{f}, size, nil, name)
		} else if upload, err = peer.NewUploadFromFile(f); err != nil {
			return err
		}
		uploader, err := client.CreateUpload(upload)
		if err != nil {
			return err
		}
		err = uploader.Upload()
		for try := 0; err != nil && p.Best && try < tries; try++ {
			if uploader, err = client.ResumeUpload(upload); err == nil {
				err = uploader.Upload()
			}
		}
		return err
	})
}

// pipe hides the Seek method, because a pipe cannot seek.
type pipe struct{ f io.Reader }

func (p pipe) Read(b []byte) (int, error) { return p.f.Read(b) }
