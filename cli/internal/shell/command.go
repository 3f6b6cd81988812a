package shell

import (
	"context"
	"os/exec"
	"runtime"
)

// Command returns a command line for the shell of the system. The process is killed when ctx
// ends.
func Command(ctx context.Context, command string) *exec.Cmd {
	if runtime.GOOS == "windows" {
		return exec.CommandContext(ctx, "cmd", "/C", command)
	}
	return exec.CommandContext(ctx, "sh", "-c", command)
}
