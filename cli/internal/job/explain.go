package job

import (
	"errors"
	"fmt"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/client/fleet"
)

// explanations are the exit codes and hints of errors about a job called %[1]s and an engine
// called %[2]s. The first row that matches counts.
var explanations = []struct {
	err  error
	code int
	hint string
}{
	{fleet.ErrNoJob, exit.Failed, "tusker job list shows the jobs of %[2]s, and tusker job add %[1]s ENDPOINT FILE... makes one"},
	{fleet.ErrOtherEndpoint, exit.Usage, "add these files to a job of another name, or remove the job with tusker job rm %[1]s"},
	{fleet.ErrJobVersion, exit.Failed, "update tusker on this machine"},
	{fleet.ErrBusy, exit.Failed, "wait until it has ended; if it was killed, run the same command again in a few seconds, and it continues"},
	{fleet.ErrEngineFull, exit.GaveUp, "nothing is lost: give %[2]s more room, or remove old jobs with tusker job rm, and run the same command again"},
	{fleet.ErrEngineVersion, exit.Refused, "update the server of %[2]s, and start it with JetStream: nats-server -js"},
	{fleet.ErrUnauthorized, exit.NotAllowed, "give credentials with --engine-creds FILE or --engine-token-file FILE, or in TUSKER_ENGINE; they have to allow JetStream"},
	{fleet.ErrEngineUnreachable, exit.GaveUp, "check whether %[2]s runs, end it if it does not answer, and run the same command again: it continues"},
	{fleet.ErrNoRoot, exit.Usage, "say where the files are with --root NAME=FOLDER, and allow a store with --root s3://bucket or --root https://host"},
	{fleet.ErrInvalid, exit.Usage, ""},
}

// Explain returns an error about a job with its exit code and a hint. Engine is the engine as
// messages name it.
func Explain(err error, job, engine string) error {
	if err == nil || exit.StopCause(err) != nil {
		return err
	}
	for _, row := range explanations {
		if !errors.Is(err, row.err) {
			continue
		}
		out := &advice.Failure{Subject: job, Err: exit.With(row.code, err)}
		if row.hint != "" {
			out.Hint = fmt.Sprintf(row.hint+"%.0[1]s%.0[2]s", job, engine)
		}
		return out
	}
	return err
}
