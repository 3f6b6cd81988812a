package app

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

type upload struct {
	sending
	resuming
	selecting
	metadata    []string
	noDefault   bool
	concurrency int
	parallel    parts
	verify      bool
	dryRun      bool
	snapshot    bool
	fromCommand string
}

func (a *app) uploadCommand() *cobra.Command {
	u := &upload{parallel: 1}
	cmd := &cobra.Command{
		Use:   "upload [flags] ENDPOINT FILE...",
		Short: "Upload files and print their URLs",
		Long: `Uploads each FILE and prints its URL, one per line, in the order of the
arguments. FILE - is standard input. Standard input, pipes and devices are read
as streams. With -r, a FILE may be a directory: its files are sent in the order
of their names.

Each upload gets the metadata filename, and mime_type and filetype if the
extension is known. A file from a directory also gets relativePath, its path
below that directory. An upload whose connection breaks resumes by itself at the
offset that the server names. If it gives up or is interrupted, the same command
resumes it: files above 1 MiB have a record in --state-dir until they are
complete. A file that has changed since then is uploaded again. Two processes do
not send such a file to one server at the same time: the second one fails. Files
without a record have no such protection, nor do those whose earlier upload
--skip-sent resumes.

A file that changes during its upload is an error, and what was sent of it is
deleted. --snapshot sends a log that grows: the bytes that it has at the
beginning.

A pipe does not tell a program that fails from one that ends: --from-command
does. A stream is lost with the program: run the command again from its start. A
record is used for the account that it was made for only, see --account.

What was sent completely is sent again by the same command, unless --skip-sent
is given each time: it keeps a record of each file too, and leaves out those
that have not changed and that the server, which is asked for each, still has.
A server that moves away what is finished gets all of them again.

A glob without a slash matches the name of what is in a directory, at any depth.
One with a slash inside or at the beginning matches the path from the directory
on: /tmp and ./tmp are the tmp in it. One with a slash at the end matches only
directories. If it matches a directory, it holds for everything below. * and ?
stand for anything but a slash, ** for directories, {a,b} for either.

Exit codes: 2 bad usage, 3 not allowed, 4 the upload is gone, 5 a source that
cannot be read, 6 refused by the server, 7 gave up on the network, 8 other bytes
on the server than were sent, 9 some of several files failed, 130 interrupted,
1 anything else.`,
		Example: `  tusker upload https://tus.example/files/ video.mp4
  tusker upload -r --exclude '*.tmp' URL photos
  tusker upload -r --skip-sent URL photos
  tusker upload --metadata title=Holidays --metadata public URL *.jpg
  find . -newer last -type f -print0 | tusker upload -0 --files-from - URL
  tar c folder | tusker upload --metadata filename=folder.tar URL -
  tusker upload --from-command 'pg_dump shop' --metadata filename=shop.sql URL
  tusker upload --snapshot URL /var/log/app.log
  tusker upload --token-file token --print-header Stream-Media-Id URL a.mp4`,
		Args: arguments(1, 0, "ENDPOINT and one or more FILE"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.upload(cmd, u, args[0], args[1:]) },
	}
	f := cmd.Flags()
	f.StringArrayVar(&u.metadata, "metadata", nil, "`key[=value]` to keep with each upload (repeat); wins over a default")
	f.BoolVar(&u.noDefault, "no-default-metadata", false, "send no filename, relativePath, mime_type and filetype")
	registerNoInline(cmd, &u.noInline)
	f.IntVar(&u.concurrency, "concurrency", client.DefaultConcurrency, "`number` of files sent at once")
	f.Var(&u.parallel, "parallel", "`number` of parts that one file is sent in, side by side, or auto: as many as make it faster")
	f.BoolVar(&u.dryRun, "dry-run", false, "send nothing; print what would be sent, or gone on with and from where")
	f.BoolVar(&u.snapshot, "snapshot", false, "send each file as long as it is when its upload begins, although a program appends to it; no later run resumes it")
	f.StringVar(&u.fromCommand, "from-command", "", "send the output of this shell `command`; if the command fails, the upload fails and is deleted")
	registerVerify(cmd, &u.verify)
	u.selecting.register(cmd)
	u.resuming.register(cmd)
	u.sending.register(cmd)
	return cmd
}

func (u *upload) check(cmd *cobra.Command, from *settings, files []string, in io.Reader) error {
	if err := u.selecting.check(from, files); err != nil {
		return err
	}
	if err := u.sending.check(cmd, files, u.input(in)); err != nil {
		return err
	}
	switch {
	case u.concurrency < 1:
		return errors.New("--concurrency is not above 0")
	case u.snapshot && u.refuseInUse:
		return errors.New("--snapshot is for files that other programs write to, and --refuse-in-use refuses them")
	case u.filesFrom == stdin && u.fromCommand == "" && slices.Contains(files, stdin):
		return errStdinTwice
	}
	return nil
}

func (a *app) upload(cmd *cobra.Command, u *upload, endpoint string, files []string) error {
	ctx, cancel := u.limit(cmd.Context())
	defer cancel()
	if u.fromCommand != "" {
		files, a.isPiped = append(files, stdin), true
	}
	if err := u.check(cmd, a.settings, files, a.in); err != nil {
		return usage(err)
	}
	metadata, err := parseMetadata(u.metadata)
	if err != nil {
		return usage(err)
	}
	u.connections = a.slots(ctx, u)
	config, err := a.config(ctx, &u.connection)
	if err != nil {
		return err
	}
	if config.Account, err = a.account(&u.connection, u.account, endpoint); err != nil {
		return usage(err)
	}
	a.tune(&u.sending, &config)
	if err := u.created(&u.connection, endpoint, metadata, !u.noDefault, &config); err != nil {
		return err
	}
	records, err := a.journal(&u.resuming, &config)
	if err != nil {
		return err
	}
	if u.dryRun && !a.hasState(u.stateDir) {
		config.Store, config.Ledger = nil, nil // Otherwise the folder would be created.
	}
	c, err := open(config, endpoint)
	if err != nil {
		return err
	}
	list, err := a.list(ctx, &u.selecting, files)
	if err != nil {
		return err
	}
	if list.links > 0 && !u.follow {
		a.say("left out %s: --follow-symlinks follows them", counted(list.links, "symbolic link", "symbolic links"))
	}
	if len(list.entries) == 0 {
		a.say("there are no files to send")
	}
	b := &batch{app: a, cmd: cmd, upload: u, client: c, records: records, list: list, given: metadata}
	if u.dryRun {
		return b.plan(ctx)
	}
	return b.run(ctx)
}

// input returns what FILE - is read from, or nil if that is a command.
func (u *upload) input(in io.Reader) io.Reader {
	if u.fromCommand != "" {
		return nil
	}
	return in
}

// hasState reports whether a folder of records exists at dir or at the default path.
func (a *app) hasState(dir string) bool {
	dir, err := a.stateDir(dir)
	if err == nil {
		_, err = os.Stat(dir)
	}
	return err == nil
}

// metadataFor returns the metadata of the upload of e.
func (u *upload) metadataFor(e entry, given protocol.Metadata) protocol.Metadata {
	all := make(protocol.Metadata)
	if !u.noDefault {
		all = u.fileMetadata(e.name, e.relative())
	}
	maps.Copy(all, given)
	return all
}

// entrySource returns the source that e names.
func (a *app) entrySource(ctx context.Context, cmd *cobra.Command, u *upload, e entry) (client.Source, error) {
	switch {
	case e.err != nil:
		return nil, e.err
	case e.in != nil:
		source, err := e.in.source(&e)
		if err == nil && u.snapshot {
			source = client.Snapshot(source)
		}
		return source, err
	}
	if e.name == stdin && u.fromCommand != "" {
		return client.Stream(newCommandReader(ctx, u.fromCommand, a.err), u.options(cmd, stdin)), nil
	}
	source, err := a.source(cmd, &u.streams, e.name)
	if err == nil && u.snapshot {
		source = client.Snapshot(source)
	}
	return source, err
}

// learn asks the server for its extensions, which saves a request for each small
// file.
func (a *app) learn(ctx context.Context, c *client.Client) {
	if err := c.Learn(ctx); err != nil {
		a.log.DebugContext(ctx, "the server does not say what it can do", "err", err)
	}
}
