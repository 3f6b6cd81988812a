// Command asynq uploads files with a queue of Asynq. The tasks, the records of unfinished
// uploads and the finished ones are in one Redis.
//
//	asynq redis://… http://tus.example/files/ add /mnt/media/a.mp4 …
//	asynq redis://… http://tus.example/files/ work
//
// Any number of workers may run, on any number of machines that see the files under the same
// paths. Workers may be killed, and a file may be added twice: each file is uploaded once, if
// Redis has the setting "appendfsync always".
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/redisstore"
	"github.com/tusker-go/tusker/retry"
)

// taskUpload is the type of the tasks. Their payload is the path of a file.
const taskUpload = "upload"

// uploader works on the tasks.
type uploader struct{ client *client.Client }

func (u uploader) ProcessTask(ctx context.Context, task *asynq.Task) error {
	path := string(task.Payload())
	src, err := client.Path(path)
	if err != nil {
		return err // Asynq tries again later, when the file may be there
	}
	res, err := u.client.Upload(ctx, src, nil)
	switch {
	case err == nil:
		fmt.Println(res.URL, path)
	case isFailure(err) && !retry.Retryable(err):
		return fmt.Errorf("%w: %w", err, asynq.SkipRetry) // for example, the server refuses the file
	}
	return err
}

// isFailure reports whether an error counts as an attempt. It does not if another worker has the
// file, or if this one had to stop.
func isFailure(err error) bool {
	for _, other := range []error{client.ErrBusy, client.ErrConflict, client.ErrLeaseLost, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, other) {
			return false
		}
	}
	return true
}

// delay returns the time until the next try of a task.
func delay(n int, err error, task *asynq.Task) time.Duration {
	if isFailure(err) {
		return asynq.DefaultRetryDelayFunc(n, err, task)
	}
	return 5 * time.Second
}

func run(ctx context.Context, database, endpoint, command string, files []string) error {
	options, err := redis.ParseURL(database)
	if err != nil {
		return err
	}
	db := redis.NewClient(options)
	defer func() { _ = db.Close() }()
	store, err := redisstore.New(db, redisstore.Config{})
	if err != nil {
		return err
	}
	// Once records an upload before its first byte, so that no other worker begins a second one.
	c, err := client.New(client.Config{Endpoint: endpoint, Store: store, Ledger: store, Once: true})
	if err != nil {
		return err
	}
	switch command {
	case "add":
		tasks := asynq.NewClientFromRedisClient(db)
		for _, file := range files {
			// Asynq ends each run of a task after 30 minutes by default. It notices without a
			// limit if a worker dies.
			limit := asynq.Timeout(30 * 24 * time.Hour)
			if _, err := tasks.EnqueueContext(ctx, asynq.NewTask(taskUpload, []byte(file)), limit); err != nil {
				return err
			}
		}
		return nil
	case "work":
		server := asynq.NewServerFromRedisClient(db, asynq.Config{
			Concurrency: 4, IsFailure: isFailure, RetryDelayFunc: delay,
			// After this time, tasks that still run go back to the queue. Their uploads resume.
			ShutdownTimeout: 5 * time.Second,
		})
		mux := asynq.NewServeMux()
		mux.Handle(taskUpload, uploader{c})
		if err := server.Start(mux); err != nil {
			return err
		}
		<-ctx.Done()
		server.Shutdown()
		return nil
	}
	return fmt.Errorf("unknown command %q", command)
}

func main() {
	if len(os.Args) < 4 {
		log.Fatal("usage: asynq DATABASE ENDPOINT add FILE… | work")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1], os.Args[2], os.Args[3], os.Args[4:]); err != nil {
		log.Fatal(err)
	}
}
