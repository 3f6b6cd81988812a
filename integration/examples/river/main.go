// Command river uploads files with a queue of River. The jobs, the records of unfinished
// uploads and the finished ones are in one PostgreSQL database.
//
//	river postgres://… http://tus.example/files/ add /mnt/media/a.mp4 …
//	river postgres://… http://tus.example/files/ work
//
// Any number of workers may run, on any number of machines that see the files under the same
// paths. Workers may be killed, and a file may be added twice: each file is uploaded once.
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

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/pgstore"
	"github.com/tusker-go/tusker/retry"
)

// upload is the job for one file.
type upload struct {
	Path string `json:"path"`
}

func (upload) Kind() string { return "upload" }

// uploader works on the jobs.
type uploader struct {
	river.WorkerDefaults[upload]
	client *client.Client
}

// Timeout limits one run of a job, and not the upload: the next run resumes where this one ended.
// River gives the job of a killed worker to another one only if there is a limit.
func (*uploader) Timeout(*river.Job[upload]) time.Duration { return 10 * time.Minute }

func (u *uploader) Work(ctx context.Context, job *river.Job[upload]) error {
	src, err := client.Path(job.Args.Path)
	if err != nil {
		return err // River tries again later, when the file may be there
	}
	res, err := u.client.Upload(ctx, src, nil)
	switch {
	case err == nil:
		fmt.Println(res.URL, job.Args.Path)
		return nil
	case errors.Is(err, client.ErrBusy), errors.Is(err, client.ErrConflict), errors.Is(err, client.ErrLeaseLost), ctx.Err() != nil:
		// Another worker has the file, or this one has to stop. That is no failure of the job.
		return river.JobSnooze(5 * time.Second)
	case !retry.Retryable(err):
		return river.JobCancel(err) // for example, the server refuses the file
	}
	return err
}

func run(ctx context.Context, database, endpoint, command string, files []string) error {
	pool, err := pgxpool.New(ctx, database)
	if err != nil {
		return err
	}
	defer pool.Close()
	queue, err := rivermigrate.New(riverpgxv5.New(pool), nil)
	if err != nil {
		return err
	}
	if _, err := queue.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	if err := pgstore.Migrate(ctx, pool, pgstore.Config{}); err != nil {
		return err
	}
	store, err := pgstore.New(pool, pgstore.Config{})
	if err != nil {
		return err
	}
	// Once records an upload before its first byte, so that no other worker begins a second one.
	c, err := client.New(client.Config{Endpoint: endpoint, Store: store, Ledger: store, Once: true})
	if err != nil {
		return err
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &uploader{client: c})
	jobs, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		Workers: workers,
		Queues:  map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 4}},
		// It must be longer than the limit of a run. The files of a killed worker wait that long.
		RescueStuckJobsAfter: 15 * time.Minute,
	})
	if err != nil {
		return err
	}
	switch command {
	case "add":
		for _, file := range files {
			if _, err := jobs.Insert(ctx, upload{file}, nil); err != nil {
				return err
			}
		}
		return nil
	case "work":
		if err := jobs.Start(context.WithoutCancel(ctx)); err != nil {
			return err
		}
		<-ctx.Done()
		// The uploads end at once, with a record of how far they are.
		return jobs.StopAndCancel(context.WithoutCancel(ctx))
	}
	return fmt.Errorf("unknown command %q", command)
}

func main() {
	if len(os.Args) < 4 {
		log.Fatal("usage: river DATABASE ENDPOINT add FILE… | work")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1], os.Args[2], os.Args[3], os.Args[4:]); err != nil {
		log.Fatal(err)
	}
}
