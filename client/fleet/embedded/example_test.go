package embedded_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/tusker-go/tusker/client/fleet"
	"github.com/tusker-go/tusker/client/fleet/embedded"
)

// A program serves the engine itself, adds files to a job and uploads them. Other processes
// connect to engine.URL with fleet.Connect, and call Work as well.
func ExampleStart() {
	engine, err := embedded.Start(embedded.Config{Dir: "/var/lib/archive", Listen: "127.0.0.1:0", Token: "a secret"})
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	conn, err := engine.Connect(fleet.ConnectOptions()...)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	job, err := fleet.Open(ctx, js, "archive", fleet.Config{Endpoint: "https://tus.example/files/"})
	if err != nil {
		log.Fatal(err)
	}
	modified := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	items := []fleet.Item{
		{Root: "media", Path: "2026/a.mov", Size: 5_000_000_000, ModTime: modified},
		{Root: "media", Path: "2026/b.mov", Size: 7_000_000_000, ModTime: modified},
	}
	if _, err := job.Add(ctx, func(yield func(fleet.Item, error) bool) {
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
	}, nil); err != nil {
		log.Fatal(err)
	}
	err = job.Work(ctx, fleet.Worker{Open: fleet.Files(map[string]string{"media": "/mnt/nfs"}), Slots: 8, UntilDone: true})
	if err != nil {
		log.Fatal(err)
	}
	for result, err := range job.Results(ctx, fleet.ResultAll) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(result.Item.Name(), result.URL, result.Message)
	}
}
