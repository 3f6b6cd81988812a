// Command tusgo sends files with github.com/bdragon300/tusgo.
//
// The default settings of tusgo are a PATCH for each 2 MiB. The best settings are
// one request per file: the creation carries small files, and one PATCH carries
// larger ones.
package main

import (
	"io"
	"net/http"
	"net/url"
	"os"

	peer "github.com/bdragon300/tusgo"

	"github.com/tusker-go/tusker/integration/bench/internal/program"
)

// small is the largest file that the creation carries. It is read into memory.
const small = 1 << 20

func main() { program.Main(run) }

func run(p *program.Program) error {
	transport, err := p.Transport()
	if err != nil {
		return err
	}
	endpoint, err := url.Parse(p.Endpoint)
	if err != nil {
		return err
	}
	client := peer.NewClient(&http.Client{Transport: transport}, endpoint)
	// The capabilities are requested here, because parallel uploads would race for
	// them.
	if _, err := client.UpdateCapabilities(); err != nil { //nolint:bodyclose // Tusgo closes it.
		return err
	}
	return p.Each(func(name string) error {
		f, size, err := p.Open(name)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		if p.Best && size <= small {
			return whole(client, f, size)
		}
		upload := &peer.Upload{}
		if _, err := client.CreateUpload(upload, size, false, nil); err != nil { //nolint:bodyclose // Tusgo closes it.
			return err
		}
		return send(client, upload, f, p.Best)
	})
}

func whole(client *peer.Client, f *os.File, size int64) error {
	data := make([]byte, size)
	if _, err := io.ReadFull(f, data); err != nil {
		return err
	}
	_, _, err := client.CreateUploadWithData(&peer.Upload{}, data, size, false, nil) //nolint:bodyclose // Tusgo closes it.
	return err
}

// tries is how often an upload is resumed.
const tries = 100

// send resumes at once after a failure, at the offset that the server names.
func send(client *peer.Client, upload *peer.Upload, f *os.File, best bool) error {
	stream := peer.NewUploadStream(client, upload)
	if best {
		stream.ChunkSize = peer.NoChunked
	}
	var err error
	for range tries {
		if _, err = stream.ReadFrom(f); err == nil && upload.RemoteOffset == upload.RemoteSize {
			return nil
		}
		if _, err := stream.Sync(); err != nil { //nolint:bodyclose // Tusgo closes it.
			return err
		}
		if _, err := f.Seek(upload.RemoteOffset, io.SeekStart); err != nil {
			return err
		}
		stream.ForceClean()
	}
	return err
}
