package filestore_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/filestore"
	"github.com/tusker-go/tusker/protocol"
)

// What one run of a program has not finished, the next one finds.
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
	err = first.Save(ctx, &client.Record{
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
	if _, err := second.Lock(ctx, "4f1d"); errors.Is(err, client.ErrBusy) {
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
