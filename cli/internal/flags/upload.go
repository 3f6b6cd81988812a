package flags

import (
	"errors"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/remote"
	"github.com/tusker-go/tusker/cli/internal/settings"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// Upload holds the flags of the upload command.
type Upload struct {
	Sending
	Resumption
	Selection
	Disposal
	FolderWatch
	Output
	Remote

	// Metadata are key[=value] pairs of each upload.
	Metadata []string
	// NoDefault means that uploads have no metadata besides these.
	NoDefault bool
	// Concurrency is the number of files that are sent at the same time.
	Concurrency int
	// Parallel is the number of parts of each file.
	Parallel Parts
	// Verify means that each file is compared with its upload afterwards.
	Verify bool
	// DryRun means that nothing is sent.
	DryRun bool
	// Snapshot means that a file may grow during its upload.
	Snapshot bool
}

// Register adds the flags of the upload command.
func (u *Upload) Register(cmd *cobra.Command) {
	u.Parallel = 1
	f := cmd.Flags()
	List(f, &u.Metadata, "metadata", "", "store `key[=value]` with each upload; wins over a default (repeat)")
	f.BoolVar(&u.NoDefault, "no-default-metadata", false, "do not send filename, relativePath, mime_type and filetype as metadata")
	RegisterNoInline(cmd, &u.NoInline)
	RegisterProtocol(cmd, &u.Protocol)
	f.IntVar(&u.Concurrency, "concurrency", client.DefaultConcurrency, "send this `number` of files at the same time")
	f.Var(&u.Parallel, "parallel", "send this `number` of parts of one file at the same time, or auto: as many as make it faster")
	f.BoolVar(&u.DryRun, "dry-run", false, "send nothing, and print what would be sent or resumed, and from which offset")
	f.BoolVar(&u.Snapshot, "snapshot", false, "send the bytes that each file has when its upload begins, even if a program appends to it; a later run cannot resume it")
	f.StringVar(&u.Command, "from-command", "", "send the output of this shell `command`; if the command fails, the upload fails and is deleted")
	RegisterVerify(cmd, &u.Verify)
	u.Selection.register(cmd)
	u.Disposal.register(cmd)
	u.FolderWatch.register(cmd)
	u.Output.register(cmd)
	u.Resumption.register(cmd)
	u.Remote.register(cmd)
	u.Sending.Register(cmd)
}

// RegisterRest adds the flags of the command that sends the rest of uploads that exist. It
// never creates an upload.
func (u *Upload) RegisterRest(cmd *cobra.Command) {
	u.Parallel, u.Recreate = 1, recreateNever
	f := cmd.Flags()
	List(f, &u.Metadata, "metadata", "", "`key[=value]` to keep with an upload whose parts are joined (repeat); wins over a default")
	f.IntVar(&u.Concurrency, "concurrency", client.DefaultConcurrency, "`number` of files sent at once")
	f.Var(&u.Parallel, "parallel", "`number` of parts of one file that are sent at the same time, if the upload was begun in parts")
	f.StringVar(&u.Account, "account", "", "with --all, resume only uploads of the account of this `name`; with KEY, the account of the credentials")
	RegisterStateDir(cmd, &u.StateDir)
	RegisterVerify(cmd, &u.Verify)
	u.Output.register(cmd)
	u.Remote.register(cmd)
	u.Sending.Register(cmd)
}

// CheckRest finds errors of the flags of RegisterRest.
func (u *Upload) CheckRest() error {
	if err := u.checkOutput(&u.JSON); err != nil {
		return err
	}
	if u.Concurrency < 1 {
		return errors.New("--concurrency is not above 0")
	}
	return u.Progress.Check()
}

// Check finds errors of the flags for these arguments.
func (u *Upload) Check(cmd *cobra.Command, from *settings.Settings, files []string, in io.Reader) error {
	if err := u.checkFiles(from, files); err != nil {
		return err
	}
	if err := u.checkOutput(&u.JSON); err != nil {
		return err
	}
	if err := u.Sending.Check(cmd, files, in); err != nil {
		return err
	}
	if err := u.checkRemote(files); err != nil {
		return err
	}
	if err := u.checkWatch(files); err != nil {
		return err
	}
	if err := u.checkDisposal(files); err != nil {
		return err
	}
	u.refuseEmpty = u.RefusesEmpty()
	switch {
	case u.Concurrency < 1:
		return errors.New("--concurrency is not above 0")
	case u.Snapshot && u.refuseInUse:
		return errors.New("--snapshot is for files that other programs write to, and --refuse-in-use refuses them")
	case u.FilesFrom == usage.Stdin && u.Command == "" && slices.Contains(files, usage.Stdin):
		return errStdinTwice
	}
	return nil
}

// BatchNames returns what identifies this command beside its endpoint and account: the files and
// folders that are named, the list, and whether the uploads are verified. Runs with the same
// names belong together, although the other flags, the content of the folders and that of the
// list may be different.
func (u *Upload) BatchNames(files []string) []string {
	var names []string
	var all remote.Names
	for _, name := range files {
		names = append(names, absolute(&all, name))
	}
	if u.FilesFrom != "" {
		names = append(names, "--files-from="+absolute(&all, u.FilesFrom))
	}
	if u.Verify {
		names = append(names, "--verify")
	}
	return names
}

// absolute returns the absolute path of a file. The path of standard input is in the working
// directory, because lists of files are mostly made there. A remote file is named without
// secrets.
func absolute(all *remote.Names, name string) string {
	path, err := all.Absolute(name)
	if err != nil {
		return name
	}
	return path
}

// MetadataOf returns the metadata of the upload of a file, whose own metadata are given.
// Relative is the path of a file that was found in a directory, or "". MediaType is the type
// that a server names. "": that of the extension.
func (u *Upload) MetadataOf(file, relative, mediaType string, given protocol.Metadata) protocol.Metadata {
	all := make(protocol.Metadata)
	if !u.NoDefault {
		all = u.fileMetadata(file, relative, mediaType)
	}
	maps.Copy(all, given)
	return all
}

// Prepare returns a source as the flags want it to be sent.
func (u *Upload) Prepare(src client.Source) client.Source {
	if u.Snapshot {
		src = client.Snapshot(src)
	}
	if u.RefusesEmpty() {
		src = refuseEmpty(src)
	}
	return src
}
