package flags

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/cli/internal/records"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
)

// Resumption holds the flags about earlier runs.
type Resumption struct {
	// StateDir is the folder of records. "": the default of the system.
	StateDir string
	// NoResume means that uploads begin at offset 0, and leave no record.
	NoResume bool
	// SkipSent says which files that an earlier run has sent are left out.
	SkipSent Skipping
	// Recreate is a key of Recreates.
	Recreate string
	// Account is the account of the records. "": see Connection.AccountName.
	Account string
}

// Recreates are the values of --recreate.
var Recreates = map[string]client.Recreate{
	"gone": client.RecreateGone, recreateNever: client.RecreateNever, recreateAlways: client.RecreateAlways,
}

const (
	recreateNever  = "never"
	recreateAlways = "always"
)

func (r *Resumption) register(cmd *cobra.Command) {
	RegisterStateDir(cmd, &r.StateDir)
	cmd.Flags().StringVar(&r.Account, "account", "",
		"use and keep only records of the account of this `name`, which is no secret (default: the login, or the name of the endpoint)")
	cmd.Flags().BoolVar(&r.NoResume, "no-resume", false, "start over, send all files again, and keep no record for a later run")
	cmd.Flags().Var(&r.SkipSent, "skip-sent", "skip files that any earlier run with this flag has sent, if the server still has them (true), or without asking it (local)")
	cmd.Flags().Lookup("skip-sent").NoOptDefVal = "true"
	cmd.Flags().StringVar(&r.Recreate, "recreate", "gone",
		"create an upload again `when` the server no longer has that of an earlier run (gone), never, or always")
}

// OpenJournal adds a journal to config, unless the flags disable it. InParts is called when the
// record of an upload in parts is loaded.
func (r *Resumption) OpenJournal(con *console.Console, inParts func(), config *client.Config) (*records.Journal, error) {
	recreate, ok := Recreates[r.Recreate]
	if !ok {
		return nil, usage.Error(fmt.Errorf("--recreate %q is not one of gone, never, always", r.Recreate))
	}
	if err := r.checkSkipping(); err != nil {
		return nil, usage.Error(err)
	}
	if r.NoResume {
		return nil, nil
	}
	dir, err := records.Dir(r.StateDir, con.LookupEnv)
	j := records.New(con.Log, dir, err, inParts)
	config.Store, config.Recreate = j, recreate
	return j, nil
}

// OpenBatch adds a ledger to config, which keeps the finished files of this command and those
// of --skip-sent. It is nil if j is. Commands means that a command follows each upload.
func (r *Resumption) OpenBatch(j *records.Journal, commands bool, config *client.Config) *records.Batch {
	if j == nil {
		return nil
	}
	var lasting *records.Ledger
	if r.SkipSent != SkipNone {
		lasting = records.NewLedger(j)
	}
	b := records.NewBatch(j, lasting, commands)
	config.Ledger, config.TrustLedger = b, r.SkipSent != SkipAsked
	return b
}

// IsGone reports whether an upload failed because an earlier upload is gone and the
// flags forbid a new one.
func (r *Resumption) IsGone(result *client.Result, err error) bool {
	exchange, ok := errors.AsType[*client.Error](err)
	return ok && !r.NoResume && Recreates[r.Recreate] == client.RecreateNever && result.CreationHeader == nil &&
		exchange.Class == client.ClassGone && !errors.Is(err, client.ErrUncertain)
}

// checkSkipping finds flags that contradict --skip-sent.
func (r *Resumption) checkSkipping() error {
	switch {
	case r.SkipSent == SkipNone:
		return nil
	case r.NoResume:
		return errors.New("--skip-sent needs records, and --no-resume keeps none")
	case Recreates[r.Recreate] == client.RecreateAlways:
		return errors.New("--skip-sent leaves out what --recreate always sends again")
	}
	return nil
}

// RegisterStateDir adds the flag for the folder of records.
func RegisterStateDir(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "state-dir", "",
		"keep the records of unfinished uploads in this `folder` (default "+records.DefaultDirText(runtime.GOOS)+")")
}
