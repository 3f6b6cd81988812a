// Command raw sends files with net/http and little else. Its figures are the
// baseline for clients. It retries only with -resume.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"github.com/tusker-go/tusker/integration/bench/internal/program"
	"github.com/tusker-go/tusker/protocol"
)

// The values of -mode.
const (
	modePatch  = "patch"  // POST, and one PATCH with all bytes
	modePost   = "post"   // one POST with all bytes
	modeStream = "stream" // POST without a length, one PATCH with all bytes, and one PATCH that declares the length
	modeResume = "resume" // like patch, with HEAD and PATCH again until the upload is complete
)

type sender struct {
	*program.Program
	client *http.Client
	body   func(f *os.File, off, n int64) (io.ReadCloser, error)
}

func main() {
	mode := flag.String("mode", modePatch, "patch, post, stream or resume")
	way := flag.String("body", bodyFile, "file, filebody or copy")
	var conn connection
	flag.IntVar(&conn.buffer, "buffer", 0, "copy through a buffer of so many bytes at the connection, instead of net/http's")
	flag.BoolVar(&conn.gather, "gather", false, "with -buffer and TLS: write the records of a buffer at once")
	http1 := flag.Bool("http1.1", false, "no HTTP/2")
	program.Main(func(p *program.Program) error {
		t, err := p.Transport()
		if err != nil {
			return err
		}
		t.DisableCompression = true
		if *http1 {
			t.Protocols = new(http.Protocols)
			t.Protocols.SetHTTP1(true)
		}
		conn.install(t)
		s := &sender{Program: p, client: &http.Client{Transport: t}, body: bodies[*way]}
		send, ok := map[string]func(f *os.File, size int64) error{
			modePatch: s.patch, modePost: s.post, modeStream: s.stream, modeResume: s.resume,
		}[*mode]
		if !ok || s.body == nil {
			return errors.New("no such -mode or -body")
		}
		return p.Each(func(name string) error {
			f, size, err := s.Open(name)
			if err != nil {
				return err
			}
			defer func() { _ = f.Close() }()
			return send(f, size)
		})
	})
}

func (s *sender) patch(f *os.File, size int64) error {
	location, err := s.create(protocol.Creation{Length: protocol.Known(size)}, nil, 0)
	if err != nil {
		return err
	}
	body, err := s.body(f, 0, size)
	if err != nil {
		return err
	}
	_, err = s.send(location, protocol.Patch{}, body, size)
	return err
}

func (s *sender) post(f *os.File, size int64) error {
	body, err := s.body(f, 0, size)
	if err != nil {
		return err
	}
	_, err = s.create(protocol.Creation{Length: protocol.Known(size), WithBody: true}, body, size)
	return err
}

func (s *sender) stream(f *os.File, _ int64) error {
	location, err := s.create(protocol.Creation{}, nil, 0)
	if err != nil {
		return err
	}
	offset, err := s.send(location, protocol.Patch{}, f, -1)
	if err != nil {
		return err
	}
	_, err = s.send(location, protocol.Patch{Offset: offset, Length: protocol.Known(offset)}, http.NoBody, 0)
	return err
}

func (s *sender) resume(f *os.File, size int64) error {
	location, err := s.create(protocol.Creation{Length: protocol.Known(size)}, nil, 0)
	if err != nil {
		return err
	}
	for offset := int64(0); offset < size; {
		section := io.NewSectionReader(f, offset, size-offset)
		if offset, err = s.send(location, protocol.Patch{Offset: offset}, io.NopCloser(section), size-offset); err == nil {
			continue
		}
		if offset, err = s.head(location); err != nil {
			return err
		}
	}
	return nil
}

// create sends a POST, with a body of size bytes if body is not nil, and returns
// the URL.
func (s *sender) create(c protocol.Creation, body io.ReadCloser, size int64) (string, error) {
	req, err := http.NewRequest(http.MethodPost, s.Endpoint, nil) //nolint:noctx // The program has no deadline.
	if err != nil {
		return "", err
	}
	if err := c.SetHeader(req.Header); err != nil {
		return "", err
	}
	if size > 0 {
		req.Body, req.ContentLength = body, size
	}
	answer, err := s.do(req, protocol.OpCreate)
	if err != nil {
		return "", err
	}
	location, err := url.Parse(answer.Get(protocol.HeaderLocation))
	if err != nil {
		return "", err
	}
	return req.URL.ResolveReference(location).String(), nil
}

// send sends a PATCH. A size below 0 is not announced.
func (s *sender) send(location string, p protocol.Patch, body io.ReadCloser, size int64) (offset int64, err error) {
	req, err := http.NewRequest(http.MethodPatch, location, body) //nolint:noctx // The program has no deadline.
	if err != nil {
		return p.Offset, err
	}
	if err := p.SetHeader(req.Header); err != nil {
		return p.Offset, err
	}
	req.ContentLength = size
	answer, err := s.do(req, protocol.OpPatch)
	if err != nil {
		return p.Offset, err
	}
	return protocol.ParseOffset(answer.Get(protocol.HeaderUploadOffset))
}

func (s *sender) head(location string) (offset int64, err error) {
	req, err := http.NewRequest(http.MethodHead, location, nil) //nolint:noctx // The program has no deadline.
	if err != nil {
		return 0, err
	}
	protocol.SetVersion(req.Header)
	answer, err := s.do(req, protocol.OpHead)
	if err != nil {
		return 0, err
	}
	return protocol.ParseOffset(answer.Get(protocol.HeaderUploadOffset))
}

// do returns the headers of the response.
func (s *sender) do(req *http.Request, op protocol.Op) (http.Header, error) {
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	words, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if err != nil {
		return nil, err
	}
	if err := protocol.StatusError(op, resp.StatusCode); err != nil {
		return nil, fmt.Errorf("%w: %q", err, words)
	}
	return resp.Header, nil
}
