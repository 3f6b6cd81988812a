// Command temporal uploads files in a workflow of Temporal. The records of unfinished uploads and
// the finished ones are in a PostgreSQL database.
//
//	temporal localhost:7233 postgres://… http://tus.example/files/ add /mnt/media/a.mp4 …
//	temporal localhost:7233 postgres://… http://tus.example/files/ work
//
// Any number of workers may run, on any number of machines that see the files under the same
// paths. Workers may be killed, and a file may be in several workflows: each file is uploaded once.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.temporal.io/sdk/activity"
	temporalclient "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/pgstore"
	"github.com/tusker-go/tusker/retry"
)

const (
	taskQueue = "uploads"

	// silence is after which time without a sign of life Temporal gives a file to another worker.
	silence = 30 * time.Second
)

// uploadFiles is the workflow. It returns the URLs of the files. A workflow has a few thousand
// files at most, because Temporal keeps all its events.
func uploadFiles(ctx workflow.Context, files []string) ([]string, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 30 * 24 * time.Hour, // an upload takes as long as it takes
		HeartbeatTimeout:    silence,
	})
	var u *uploader
	var running []workflow.Future
	for _, file := range files {
		running = append(running, workflow.ExecuteActivity(ctx, u.Upload, file))
	}
	urls := make([]string, len(files))
	var errs []error
	for i, upload := range running {
		errs = append(errs, upload.Get(ctx, &urls[i]))
	}
	return urls, errors.Join(errs...)
}

// uploader has the activity.
type uploader struct{ client *client.Client }

// Upload uploads one file and returns its URL.
func (u *uploader) Upload(ctx context.Context, path string) (string, error) {
	src, err := client.Path(path)
	if err != nil {
		return "", err // Temporal tries again later, when the file may be there
	}
	// An upload may wait for its server for minutes, so its events are no sign of life.
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go heartbeat(ctx)
	res, err := u.client.Upload(ctx, src, nil)
	switch {
	case err == nil:
		return res.URL, nil
	case errors.Is(err, client.ErrBusy), errors.Is(err, client.ErrConflict), errors.Is(err, client.ErrLeaseLost):
		// Another worker has the file.
		return "", temporal.NewApplicationErrorWithOptions(err.Error(), "busy", temporal.ApplicationErrorOptions{NextRetryDelay: 5 * time.Second})
	case !retry.Retryable(err):
		return "", temporal.NewNonRetryableApplicationError(err.Error(), "upload", err) // for example, the server refuses the file
	}
	return "", err
}

func heartbeat(ctx context.Context) {
	for {
		select {
		case <-time.After(silence / 3):
			activity.RecordHeartbeat(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// newUploader returns an uploader whose client has its records in the database.
func newUploader(ctx context.Context, pool *pgxpool.Pool, endpoint string) (*uploader, error) {
	if err := pgstore.Migrate(ctx, pool, pgstore.Config{}); err != nil {
		return nil, err
	}
	store, err := pgstore.New(pool, pgstore.Config{})
	if err != nil {
		return nil, err
	}
	// Once records an upload before its first byte, so that no other worker begins a second one.
	c, err := client.New(client.Config{Endpoint: endpoint, Store: store, Ledger: store, Once: true})
	return &uploader{c}, err
}

func run(ctx context.Context, server, database, endpoint, command string, files []string) error {
	t, err := temporalclient.Dial(temporalclient.Options{HostPort: server})
	if err != nil {
		return err
	}
	defer t.Close()
	switch command {
	case "add":
		started, err := t.ExecuteWorkflow(ctx, temporalclient.StartWorkflowOptions{TaskQueue: taskQueue}, uploadFiles, files)
		if err != nil {
			return err
		}
		fmt.Println(started.GetID())
		return nil
	case "work":
		pool, err := pgxpool.New(ctx, database)
		if err != nil {
			return err
		}
		defer pool.Close()
		u, err := newUploader(ctx, pool, endpoint)
		if err != nil {
			return err
		}
		w := worker.New(t, taskQueue, worker.Options{MaxConcurrentActivityExecutionSize: 4})
		w.RegisterWorkflow(uploadFiles)
		w.RegisterActivity(u)
		return w.Run(worker.InterruptCh())
	}
	return fmt.Errorf("unknown command %q", command)
}

func main() {
	if len(os.Args) < 5 {
		log.Fatal("usage: temporal SERVER DATABASE ENDPOINT add FILE… | work")
	}
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5:]); err != nil {
		log.Fatal(err)
	}
}
