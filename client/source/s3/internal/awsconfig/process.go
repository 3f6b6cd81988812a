package awsconfig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
)

// process is the program of a credential_process. It implements aws.CredentialsProvider.
type process struct {
	where    string
	provider *processcreds.Provider
}

func newProcess(where, command string) *process {
	return &process{where, processcreds.NewProviderCommand(processcreds.NewCommandBuilderFunc(func(ctx context.Context) (*exec.Cmd, error) {
		shell := []string{"sh", "-c"}
		if runtime.GOOS == "windows" {
			shell = []string{"cmd.exe", "/C"}
		}
		cmd := exec.CommandContext(ctx, shell[0], shell[1], command) //nolint:gosec // The user wrote the command.
		cmd.Stderr = os.Stderr                                       // for a question
		// The standard input may be the bytes of an upload, and only a terminal has answers.
		if info, err := os.Stdin.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			cmd.Stdin = os.Stdin
		}
		cmd.WaitDelay = time.Second
		return cmd, nil
	}))}
}

// Retrieve runs the program.
func (p *process) Retrieve(ctx context.Context) (aws.Credentials, error) {
	keys, err := p.provider.Retrieve(ctx)
	if err == nil {
		return keys, nil
	}
	if _, ended := errors.AsType[*exec.ExitError](err); ended || ctx.Err() != nil || errors.Is(err, exec.ErrNotFound) {
		return aws.Credentials{}, fmt.Errorf("%s: credential_process: %w", p.where, err)
	}
	// The error of the SDK has the output, which may have a secret.
	return aws.Credentials{}, fmt.Errorf("%s: credential_process: its output is not the JSON with Version 1, AccessKeyId and SecretAccessKey", p.where)
}
