package app

import (
	"context"
	"errors"
	"maps"
	"sync"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

type upload struct {
	sending
	resuming
	metadata    []string
	noDefault   bool
	concurrency int
	parallel    int
}

func (a *app) uploadCommand() *cobra.Command {
	u := &upload{}
	cmd := &cobra.Command{
		Use:   "upload [flags] ENDPOINT FILE...",
		Short: "Upload files and print their URLs",
		Long: `Uploads each FILE and prints its URL, one a line, in the order of the arguments.
FILE - is standard input; it, pipes and devices are read as streams.

Each upload gets the metadata filename, and mime_type and filetype where the
extension is known. An upload that breaks off goes on by itself from where the
server says that it stands. When it has to give up, or is interrupted, the same
command goes on with it: files above 1 MiB have a record in --state-dir until
they are sent. A file that has changed since is uploaded anew. Two processes
never send one file to one server at once: the second one fails.

Exit codes: 2 bad usage, 3 not allowed, 4 the upload is gone, 5 a source that
cannot be read, 6 refused by the server, 7 gave up on the network, 8 other bytes
on the server than were sent, 9 some of several files failed, 130 interrupted,
1 anything else.`,
		Example: `  tusker upload https://tus.example/files/ video.mp4
  tusker upload --metadata title=Holidays --metadata public URL *.jpg
  tar c folder | tusker upload --metadata filename=folder.tar URL -
  tusker upload --token-file token --print-header Stream-Media-Id URL a.mp4`,
		Args: arguments(2, 0, "ENDPOINT and one or more FILE"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.upload(cmd, u, args[0], args[1:]) },
	}
	f := cmd.Flags()
	f.StringArrayVar(&u.metadata, "metadata", nil, "`key[=value]` to keep with each upload (repeat); wins over a default")
	f.BoolVar(&u.noDefault, "no-default-metadata", false, "send no filename, mime_type and filetype")
	f.IntVar(&u.concurrency, "concurrency", client.DefaultConcurrency, "`number` of files sent at once")
	f.IntVar(&u.parallel, "parallel", 1, "`number` of parts that one file is sent in, side by side")
	u.resuming.register(cmd)
	u.sending.register(cmd)
	return cmd
}

// sentFile is one of the files of an upload.
type sentFile struct {
	name   string
	source client.Source
	result *client.Result
	err    error
}

func (a *app) upload(cmd *cobra.Command, u *upload, endpoint string, files []string) error {
	ctx, cancel := u.limit(cmd.Context())
	defer cancel()
	if err := u.check(cmd, files); err != nil {
		return usage(err)
	}
	if u.concurrency < 1 {
		return usage(errors.New("--concurrency is not above 0"))
	}
	if u.parallel < 1 {
		return usage(errors.New("--parallel is not above 0"))
	}
	metadata, err := parseMetadata(u.metadata)
	if err != nil {
		return usage(err)
	}
	config, err := a.config(ctx, &u.connection)
	if err != nil {
		return err
	}
	records, err := a.journal(&u.resuming, &config)
	if err != nil {
		return err
	}
	c, err := open(config, endpoint)
	if err != nil {
		return err
	}
	all := make([]*sentFile, len(files))
	for i, file := range files {
		all[i] = &sentFile{name: file, result: &client.Result{}}
		all[i].source, all[i].err = a.source(cmd, &u.streams, file)
	}

	watch := a.watch(&u.sending, files)
	lines := a.inOrder(u, len(all))
	each(len(all), u.concurrency, func(i int) {
		f := all[i]
		if f.err == nil {
			f.result, f.err = a.uploadOne(ctx, c, u, f, metadata, watch(i))
		}
		if u.json {
			a.out.JSON(output.NewResult(f.name, f.result, f.err))
		}
		if f.err != nil {
			f.err = a.uploadEnded(u, f, records.goOn(f.result.URL, len(all)))
			if len(all) > 1 {
				a.complain(cmd, f.err, "")
			}
		}
		lines(i, f)
	})
	if len(all) == 1 {
		return all[0].err
	}
	errs := make([]error, len(all))
	for i, f := range all {
		errs[i] = f.err
	}
	return verdict("files", files, errs)
}

func (a *app) uploadOne(ctx context.Context, c *client.Client, u *upload, f *sentFile, metadata protocol.Metadata, watch func(client.Event)) (*client.Result, error) {
	if ctx.Err() != nil {
		return &client.Result{}, context.Cause(ctx)
	}
	all := make(protocol.Metadata)
	if !u.noDefault {
		all = defaultMetadata(f.name)
	}
	maps.Copy(all, metadata)
	result, err := c.Upload(ctx, f.source, &client.UploadOptions{
		Metadata: all, ChunkSize: int64(u.chunk), Parallel: u.parallel, OnEvent: watch,
	})
	a.sent(ctx, f.name, result)
	return result, err
}

// uploadEnded is ended, with the hint goOn where a record was kept.
func (a *app) uploadEnded(u *upload, f *sentFile, goOn string) error {
	out := a.ended(f.name, f.result, f.err)
	switch {
	case u.isGone(f.result, f.err):
		out.hint = "to upload it anew, leave out --recreate never"
	case out.resumable && goOn != "":
		out.hint = goOn
	}
	return out
}

// inOrder gives a function to be called when a file is through. It prints the
// URLs of what was sent, each as soon as those before it are known.
func (a *app) inOrder(u *upload, n int) func(int, *sentFile) {
	var mu sync.Mutex
	through := make([]*sentFile, n)
	next := 0
	return func(i int, f *sentFile) {
		mu.Lock()
		defer mu.Unlock()
		through[i] = f
		for ; next < n && through[next] != nil; next++ {
			if through[next].err == nil && !u.json {
				a.out.Line("%s", u.row(through[next].result))
			}
		}
	}
}

// each calls fn for 0 to n-1, at most limit calls at a time.
func each(n, limit int, fn func(i int)) {
	var wg sync.WaitGroup
	next := make(chan int)
	for range min(n, limit) {
		wg.Go(func() {
			for i := range next {
				fn(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}
