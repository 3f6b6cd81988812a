package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"strings"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// newExampleServer starts a tus server for the examples.
func newExampleServer() *httptest.Server {
	return httptest.NewServer(fake.Handler(fake.Config{}))
}

// A file is uploaded, and its metadata is read back.
func Example() {
	server := newExampleServer()
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
	res, err := c.Upload(ctx, src, &client.UploadOptions{
		Metadata: protocol.Metadata{"filename": "elephant.txt"},
	})
	if err != nil {
		log.Fatal(err) // res.URL and res.Offset say where to resume
	}
	fmt.Println(res.Offset, "bytes")

	metadata, err := c.Metadata(ctx, res.URL, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("filename:", metadata["filename"])
	// Output:
	// 42 bytes
	// filename: elephant.txt
}

// A small file is sent in one request if the server supports creation-with-upload. This call
// does not retry; use Client.Upload for retries.
func ExampleClient_CreateWithUpload() {
	server := httptest.NewServer(fake.Handler(fake.Config{
		Extensions: []protocol.Extension{protocol.ExtensionCreation, protocol.ExtensionCreationWithUpload},
	}))
	defer server.Close()
	ctx := context.Background()

	c, err := client.New(client.Config{Endpoint: server.URL + "/files/"})
	if err != nil {
		log.Fatal(err)
	}
	options, err := c.Options(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	if !options.Capabilities.Has(protocol.ExtensionCreationWithUpload) {
		log.Fatal("it takes a Create and a Patch")
	}
	const text = "An elephant never forgets."
	reply, err := c.CreateWithUpload(ctx, protocol.Creation{
		Length:   protocol.Known(int64(len(text))),
		Metadata: protocol.Metadata{"filename": "elephant.txt"},
	}, strings.NewReader(text), int64(len(text)), nil)
	if err != nil {
		log.Fatal(err)
	}
	// A server may keep fewer bytes than were sent. Patch sends the rest.
	fmt.Println(reply.State.Offset, "of", len(text), "bytes")
	// Output: 26 of 26 bytes
}

// Resume continues an upload that was begun before, perhaps by another program, at the offset
// that the server names.
func ExampleClient_Resume() {
	server := newExampleServer()
	defer server.Close()
	ctx := context.Background()

	c, err := client.New(client.Config{Endpoint: server.URL + "/files/"})
	if err != nil {
		log.Fatal(err)
	}
	created, err := c.Create(ctx, protocol.Creation{Length: protocol.Known(42)}, nil)
	if err != nil {
		log.Fatal(err)
	}
	url := created.State.Location
	if _, err := c.Patch(ctx, url, protocol.Patch{}, strings.NewReader("An elephant"), 11, nil); err != nil {
		log.Fatal(err)
	}

	src, err := client.Path("testdata/elephant.txt")
	if err != nil {
		log.Fatal(err)
	}
	res, err := c.Resume(ctx, url, src, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d bytes sent, %d of %v there\n", res.Sent, res.Offset, res.Length)
	// Output:
	// 31 bytes sent, 42 of 42 there
}

// Several sources become one upload, in their order.
func ExampleClient_UploadConcat() {
	server := newExampleServer()
	defer server.Close()

	c, err := client.New(client.Config{Endpoint: server.URL + "/files/"})
	if err != nil {
		log.Fatal(err)
	}
	var sources []client.Source
	for _, s := range []string{"An elephant ", "never ", "forgets"} {
		src, err := client.ReaderAt(strings.NewReader(s), int64(len(s)))
		if err != nil {
			log.Fatal(err)
		}
		sources = append(sources, src)
	}
	res, err := c.UploadConcat(context.Background(), sources, &client.ConcatOptions{
		Metadata: protocol.Metadata{"filename": "saying.txt"},
	})
	switch {
	case errors.Is(err, client.ErrUnsupported):
		fmt.Println("this server cannot join uploads")
	case err != nil:
		log.Fatal(err)
	default:
		fmt.Printf("%d parts, %d bytes\n", len(res.Parts), res.Offset)
	}
	// Output:
	// 3 parts, 25 bytes
}

// The bytes of a pipe are sent while they arrive, although the length is unknown.
func ExampleStream() {
	server := newExampleServer()
	defer server.Close()

	c, err := client.New(client.Config{Endpoint: server.URL + "/files/"})
	if err != nil {
		log.Fatal(err)
	}
	r, w := io.Pipe()
	go func() {
		for i := range 1000 {
			_, _ = fmt.Fprintf(w, "line %3d\n", i)
		}
		_ = w.Close()
	}()
	src := client.Stream(r, &client.StreamOptions{Name: "report", Window: 4 << 10})
	res, err := c.Upload(context.Background(), src, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Length, "bytes")
	// Output:
	// 9000 bytes
}

// OnEvent reports what happens to an upload. This example ignores EventProgress.
func ExampleEvent() {
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
	_, err = c.Upload(context.Background(), src, &client.UploadOptions{
		ChunkSize: 20,
		OnEvent: func(e client.Event) {
			switch e.Kind {
			case client.EventCreated, client.EventDone:
				fmt.Printf("%v: %s, %d of %v bytes\n", e.Kind, e.Source, e.Offset, e.Length)
			case client.EventRetry:
				fmt.Printf("%v: again in %v: %v\n", e.Kind, e.Wait, e.Err)
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// created: testdata/elephant.txt, 0 of 42 bytes
	// done: testdata/elephant.txt, 42 of 42 bytes
}

// errors.Is tells what an error means, and *Error has the facts.
func ExampleError() {
	server := newExampleServer()
	defer server.Close()

	c, err := client.New(client.Config{Endpoint: server.URL + "/files/"})
	if err != nil {
		log.Fatal(err)
	}
	_, err = c.Metadata(context.Background(), server.URL+"/files/gone", nil)

	fmt.Println("not found:", errors.Is(err, protocol.ErrNotFound))
	fmt.Println("worth another try:", errors.Is(err, retry.ErrExhausted))
	if e, ok := errors.AsType[*client.Error](err); ok {
		fmt.Println(e.Op, e.StatusCode, e.Header.Get("Tus-Resumable"))
	}
	// Output:
	// not found: true
	// worth another try: false
	// head 404 1.0.0
}
