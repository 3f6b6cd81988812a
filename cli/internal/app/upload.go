package app

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/batch"
	"github.com/tusker-go/tusker/cli/internal/flags"
	"github.com/tusker-go/tusker/cli/internal/records"
	"github.com/tusker-go/tusker/cli/internal/remote"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/filestore"
	"github.com/tusker-go/tusker/protocol"
)

func uploadCommand(a *app) *cobra.Command {
	u := &flags.Upload{Parallel: 1}
	cmd := &cobra.Command{
		Use:   "upload [flags] ENDPOINT FILE...",
		Short: "Upload files and print their URLs",
		Long: `Uploads each FILE and prints its URL, one per line, in the order of the
arguments. With several files, each line has the URL, a tab and the file.
ENDPOINT may also be the last argument. It is the URL of the server, or the name
of an endpoint in the config file, such as work: with the colon. If it is left
out, TUSKER_ENDPOINT has it, or else default-endpoint in the config file. FILE -
is standard input. Standard input, pipes and devices are read as streams. With
-r, a FILE may be a directory: its files are sent in the order of their names.

FILE may be an http or https URL, or s3://BUCKET/KEY, and with -r s3://BUCKET or
s3://BUCKET/PREFIX. The first URL is ENDPOINT. A URL needs a server that sends
ranges and an ETag or a Last-Modified. Its credentials are in the URL or, with
--netrc, in the netrc file; those of S3 are the ones of the AWS command line
(AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_REGION, AWS_ENDPOINT_URL_S3). If an object
is replaced during its upload, the upload fails.

Each upload gets the metadata filename, and mime_type and filetype if the
extension is known. A file from a directory also gets relativePath, its path
below that directory. An upload whose connection breaks resumes by itself at the
offset that the server names. If it gives up or is interrupted, the same command
resumes it: files above 1 MiB have a record in --state-dir until they are
complete. A file that has changed since then is uploaded again. Two processes do
not send such a file to one server at the same time: the second one fails. Files
without a record have no such protection, and neither has an upload that
--skip-sent resumes.

If a file changes during its upload, the upload fails and is deleted. --snapshot
is for logs that grow: it sends the bytes that the file has at the beginning.

The end of a pipe does not show whether its program failed; --from-command does.
A stream cannot be resumed after the program ends: run the command again from
its start. A record is used only for its own account, see --account.

If not all of several files were sent, the same command sends only the others,
and prints the URLs of all files. Files that have changed are sent again. The
command is the same if it has the same endpoint, account, FILE arguments,
--files-from and --verify; their order and other flags do not matter. After all
files were sent, the same command sends all files again.

With --skip-sent, it keeps a record of each complete file for later commands,
and skips a file that has not changed if the server, which is asked, still has
it. Use the flag each time. --skip-sent=local does not ask the server.

A glob without a slash matches names in a directory, at any depth. A glob with a
slash inside or at the beginning matches the path below the directory: /tmp and
./tmp are tmp in that directory. A glob with a slash at the end matches only
directories. A glob that matches a directory applies to everything below it.
* and ? match all characters except a slash, ** matches directories, {a,b} is a
or b.

Exit codes: 2 bad usage, 3 not allowed, 4 the upload is gone, 5 a source that
cannot be read, 6 refused by the server, 7 gave up on the network, 8 other bytes
on the server than were sent, 9 some of several files failed, 130 interrupted,
1 anything else.`,
		Example: `  tusker upload https://tus.example/files/ video.mp4
  tusker upload -r --exclude '*.tmp' URL photos
  tusker upload URL https://objects.example/film.mov s3://media/2026/film.mov
  tusker upload -r --skip-sent URL s3://media/2026
  tusker upload -r --skip-sent URL photos
  tusker upload -r --manifest sent.jsonl URL photos
  tusker upload -r --newer-than 7d --order-by mtime URL photos
  tusker upload --metadata title=Holidays --metadata public URL *.jpg
  find . -newer last -type f -print0 | tusker upload -0 --files-from - URL
  tar c folder | tusker upload --metadata filename=folder.tar URL -
  tusker upload --from-command 'pg_dump shop' --metadata filename=shop.sql URL
  tusker upload --snapshot URL /var/log/app.log
  tusker upload -r --watch --move-to sent URL inbox
  tusker upload --token-file token --print-header Stream-Media-Id URL a.mp4`,
		Args: usage.Arguments(1, 0, "ENDPOINT and one or more FILE"),
		RunE: func(cmd *cobra.Command, args []string) error { return runUpload(a, cmd, u, args[0], args[1:]) },
	}
	usage.AllowRemote(cmd)
	u.Register(cmd)
	return cmd
}

func runUpload(a *app, cmd *cobra.Command, u *flags.Upload, endpoint string, files []string) error {
	ctx, cancel := u.Limit(cmd.Context())
	defer cancel()
	if u.Command != "" {
		files = append(files, usage.Stdin)
	}
	if err := u.Check(cmd, a.settings, files, a.console.In); err != nil {
		return usage.Error(err)
	}
	metadata, err := flags.ParseMetadata(u.Metadata)
	if err != nil {
		return usage.Error(err)
	}
	config, err := uploadConfig(ctx, a, u, endpoint, metadata)
	if err != nil {
		return err
	}
	journal, err := u.OpenJournal(a.console, u.LiftConnectionLimit, &config)
	if err != nil {
		return err
	}
	ledger := u.OpenBatch(journal, u.Exec != "", &config)
	if u.DryRun && !records.Exist(u.StateDir, a.console.LookupEnv) {
		config.Store, config.Ledger = nil, nil // Otherwise the folder would be created.
	}
	c, err := flags.NewClient(config, endpoint)
	if err != nil {
		return err
	}
	moveTo, err := u.OpenMoveTo()
	if err != nil {
		return usage.Error(err)
	}
	if moveTo != nil {
		defer func() { _ = moveTo.Close() }()
	}
	objects, err := u.OpenRemote(&u.Connection, a.console)
	if err != nil {
		return err
	}
	b := &batch.Batch{Console: a.console, Cmd: cmd, Upload: u, Client: c, Remote: objects, Records: journal, Sent: ledger, Given: metadata, MoveRoot: moveTo, Again: a.settings.Invocation}
	if u.Watching {
		// Each look lists all files again: with more garbage, 50,000 files take 150 MiB in place of 90.
		defer setGarbage(listGarbage)()
		return b.RunWatch(ctx, files)
	}
	if b.List, err = findFiles(ctx, a, u, objects, files); err != nil {
		return err
	}
	defer setGarbage(garbagePercent(b.List.Len()))()
	u.WarnUnmatched(a.console, a.settings)
	if b.List.IsEmpty() && u.RefusesEmpty() {
		return flags.ErrNoFiles
	}
	b.List.Report(a.console, u.Follow)
	if b.List.Len() > 1 {
		defer ledger.End(ctx, false)
		plain, _, _ := strings.Cut(c.Endpoint(), "?")
		a.beginBatch(ledger, filestore.BatchInfo{Endpoint: plain, Account: config.Account, Names: u.BatchNames(files)})
	}
	if u.DryRun {
		return b.Plan(ctx)
	}
	return b.Run(ctx)
}

// beginBatch takes up what earlier runs of the command have sent, and says how much that is.
func (a *app) beginBatch(ledger *records.Batch, info filestore.BatchInfo) {
	if n := ledger.Begin(info); n > 0 {
		a.console.Say("an earlier run of this command has sent %s: --no-resume sends all again", units.FormatCount(n, "file", "files"))
	}
}

// findFiles lists the files. Most of what the list of a folder takes stays in use, so that little
// garbage does not cost time.
func findFiles(ctx context.Context, a *app, u *flags.Upload, objects *remote.Files, files []string) (*batch.Listing, error) {
	if u.Recursive || u.FilesFrom != "" {
		defer setGarbage(leastGarbage)()
	}
	return batch.Find(ctx, a.console, &u.Selection, objects, files)
}

// uploadConfig returns the configuration of the client, without the places of its records.
func uploadConfig(ctx context.Context, a *app, u *flags.Upload, endpoint string, metadata protocol.Metadata) (client.Config, error) {
	u.LimitConnections()
	config, err := u.Config(ctx, a.console)
	if err != nil {
		return client.Config{}, err
	}
	if config.Account, err = u.AccountName(a.console, a.settings, u.Account, endpoint); err != nil {
		return client.Config{}, usage.Error(err)
	}
	u.Tune(a.console, &config)
	err = u.CreationRules(&u.Connection, endpoint, metadata, !u.NoDefault, &config)
	return config, err
}
