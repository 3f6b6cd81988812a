package filestore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/filestore"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// A second run of a program finds the record that the first run left.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "state")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()

	first, err := filestore.New(dir)
	if err != nil {
		log.Fatal(err)
	}
	unlock, err := first.Lock(ctx, "4f1d")
	if err != nil {
		log.Fatal(err)
	}
	err = first.Save(ctx, &journal.Record{
		Key: "4f1d", URL: "https://tus.example/files/24e5", Source: "video.mp4",
		Length: protocol.Known(1 << 20), Offset: 1 << 19, Updated: time.Now(),
	})
	if err != nil {
		log.Fatal(err)
	}

	second, err := filestore.New(dir)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := second.Lock(ctx, "4f1d"); errors.Is(err, journal.ErrBusy) {
		fmt.Println("busy")
	}
	if err := unlock(); err != nil {
		log.Fatal(err)
	}
	for r, err := range second.List(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(r.Source, r.Offset, "of", r.Length)
	}
	removed, err := second.Prune(ctx, 30*24*time.Hour)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(removed, "removed")
	// Output:
	// busy
	// video.mp4 524288 of 1048576
	// 0 removed
}

// A program ends in the middle of an upload, because the server refuses the second chunk.
// The program is started again and calls Upload again. Bytes that the server has are not
// sent twice.
func ExampleNew() {
	uploads, down := fake.Handler(fake.Config{}), false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down && r.Method == http.MethodPatch {
			http.Error(w, "closed for maintenance", http.StatusServiceUnavailable)
			return
		}
		uploads.ServeHTTP(w, r)
		down = r.Method == http.MethodPatch
	}))
	defer server.Close()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	video := filepath.Join(dir, "video.mp4")
	if err := os.WriteFile(video, bytes.Repeat([]byte("elephant"), 1<<18), 0o600); err != nil {
		log.Fatal(err)
	}

	program := func() (*client.Result, error) {
		store, err := filestore.New(filepath.Join(dir, "state"))
		if err != nil {
			return nil, err
		}
		c, err := client.New(client.Config{
			Endpoint: server.URL + "/files/", Store: store, ChunkSize: 1 << 20, Retry: retry.Never,
		})
		if err != nil {
			return nil, err
		}
		src, err := client.Path(video)
		if err != nil {
			return nil, err
		}
		return c.Upload(context.Background(), src, nil)
	}

	res, err := program()
	if err == nil {
		log.Fatal("the server accepted everything")
	}
	fmt.Println("first run:", res.Offset, "bytes of", res.Length)
	down = false
	res, err = program()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("second run: resumed at", res.Resumed, "with", res.Sent, "bytes sent, and", res.Offset, "on the server")
	// Output:
	// first run: 1048576 bytes of 2097152
	// second run: resumed at 1048576 with 1048576 bytes sent, and 2097152 on the server
}
