package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// OnEvent reports the progress of an upload. Offset is what the server has acknowledged. Sent
// is higher, and falls back if bytes are lost.
func ExampleClient_Upload_progress() {
	server := newExampleServer()
	defer server.Close()

	c, err := client.New(client.Config{Endpoint: server.URL + "/files/"})
	if err != nil {
		log.Fatal(err)
	}
	src, err := client.Path("testdata/elephant.txt")
	if err != nil {
		log.Fatal(err)
	}
	var percent atomic.Int64 // another goroutine could draw a progress bar from it
	_, err = c.Upload(context.Background(), src, &client.UploadOptions{
		OnEvent: func(e client.Event) {
			if length, known := e.Length.Int64(); known && length > 0 {
				percent.Store(100 * e.Sent / length)
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(percent.Load(), "%")
	// Output:
	// 100 %
}

// Each request carries a checksum that the server checks. At the end, the bytes on the server
// are compared with the source.
func ExampleClient_Upload_verify() {
	server := httptest.NewServer(fake.Handler(fake.Config{
		Extensions: []protocol.Extension{protocol.ExtensionCreation, protocol.ExtensionChecksum},
		Checksum:   []string{"sha1", "sha256"},
		Content:    true,
	}))
	defer server.Close()

	c, err := client.New(client.Config{Endpoint: server.URL + "/files/", Checksum: client.ChecksumAuto})
	if err != nil {
		log.Fatal(err)
	}
	src, err := client.Path("testdata/elephant.txt")
	if err != nil {
		log.Fatal(err)
	}
	res, err := c.Upload(context.Background(), src, &client.UploadOptions{Verify: true})
	switch {
	case errors.Is(err, client.ErrDifferent):
		fmt.Println("the server holds other bytes")
	case errors.Is(err, client.ErrUnverified):
		fmt.Println("complete, but the server gives nothing to compare with")
	case err != nil:
		log.Fatal(err)
	}
	fmt.Println("verified:", res.Verified)
	// Output:
	// verified: true
}

// UploadAll asks the server once what it supports. Each small upload is then a single request.
// An upload that fails does not stop the others.
func ExampleClient_UploadAll() {
	uploads := fake.Handler(fake.Config{
		Extensions: []protocol.Extension{protocol.ExtensionCreation, protocol.ExtensionCreationWithUpload},
	})
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		uploads.ServeHTTP(w, r)
	}))
	defer server.Close()

	c, err := client.New(client.Config{Endpoint: server.URL + "/files/", Concurrency: 2})
	if err != nil {
		log.Fatal(err)
	}
	var items []client.Item
	for _, s := range []string{"elephant", "never", "forgets"} {
		src, err := client.ReaderAt(strings.NewReader(s), int64(len(s)))
		if err != nil {
			log.Fatal(err)
		}
		items = append(items, client.Item{
			Source:  src,
			Options: &client.UploadOptions{Metadata: protocol.Metadata{"filename": s + ".txt"}},
		})
	}
	outcomes, err := c.UploadAll(context.Background(), items)
	if err != nil {
		log.Print(err) // the joined errors of all uploads that failed
	}
	for i, o := range outcomes {
		if o.Err == nil {
			fmt.Println(items[i].Options.Metadata["filename"], o.Result.Offset, "bytes")
		}
	}
	fmt.Println(requests.Load(), "requests")
	// Output:
	// elephant.txt 8 bytes
	// never.txt 5 bytes
	// forgets.txt 7 bytes
	// 4 requests
}

// UploadEach takes files from an iterator, such as a walk of a folder, and keeps neither them nor
// their results.
func ExampleClient_UploadEach() {
	server := httptest.NewServer(fake.Handler(fake.Config{}))
	defer server.Close()

	c, err := client.New(client.Config{Endpoint: server.URL + "/files/", Concurrency: 1})
	if err != nil {
		log.Fatal(err)
	}
	files := func(yield func(client.Item) bool) {
		for _, s := range []string{"elephant", "never", "forgets"} {
			src, err := client.ReaderAt(strings.NewReader(s), int64(len(s)))
			if err != nil {
				log.Fatal(err)
			}
			if !yield(client.Item{Source: src}) {
				return
			}
		}
	}
	for item, outcome := range c.UploadEach(context.Background(), files) {
		if outcome.Err != nil {
			log.Printf("%s: %v", item.Source.Name(), outcome.Err)
			continue
		}
		fmt.Println(outcome.Result.Offset, "bytes")
	}
	// Output:
	// 8 bytes
	// 5 bytes
	// 7 bytes
}

// ExampleClient_Download fetches an upload. To resume an earlier download, open
// returns how many bytes the writer has, if content.Version is the same as before.
func ExampleClient_Download() {
	server := httptest.NewServer(fake.Handler(fake.Config{Content: true}))
	defer server.Close()
	ctx := context.Background()

	c, err := client.New(client.Config{Endpoint: server.URL + "/files/"})
	if err != nil {
		log.Fatal(err)
	}
	src, err := client.Path("testdata/elephant.txt")
	if err != nil {
		log.Fatal(err)
	}
	up, err := c.Upload(ctx, src, nil)
	if err != nil {
		log.Fatal(err)
	}
	var text bytes.Buffer
	res, err := c.Download(ctx, up.URL, func(content client.Content) (io.Writer, int64, error) {
		fmt.Println("offered:", content.Length, "bytes")
		return &text, 0, nil
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("written:", res.Offset, "bytes")
	// Output:
	// offered: 42 bytes
	// written: 42 bytes
}
