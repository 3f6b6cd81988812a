//go:build linux

package chaos

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// handover is a stage with a proxy, for jobs of few large files that go from one worker to
// another.
type handover struct {
	*Stage
	mu   sync.Mutex
	seen []Exchange
}

// newHandover starts the stage. The proxy passes rate bytes per second of each body.
func newHandover(ctx context.Context, setup Setup, rate int64) (*handover, error) {
	setup.Proxy = true
	stage, err := NewStage(ctx, setup)
	if err != nil {
		return nil, err
	}
	h := &handover{Stage: stage}
	h.Proxy.Limit(rate)
	h.Proxy.OnRequest(func(e Exchange) Answer {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.seen = append(h.seen, e)
		return Answer{}
	})
	return h, nil
}

// waitForBytes waits until the proxy has passed a number of bytes.
func (h *handover) waitForBytes(ctx context.Context, n int64) error {
	for h.Proxy.Bytes() < n {
		if !sleep(ctx, 5*time.Millisecond) {
			return fmt.Errorf("waiting for %d bytes, of which %d were sent: %w", n, h.Proxy.Bytes(), ctx.Err())
		}
	}
	return nil
}

// waitForPatch waits for a request with bytes by a process.
func (h *handover) waitForPatch(ctx context.Context, pid int) error {
	for {
		if _, ok := h.find(func(e Exchange) bool { return e.PID == pid && e.Method == http.MethodPatch }); ok {
			return nil
		}
		if !sleep(ctx, 5*time.Millisecond) {
			return fmt.Errorf("waiting for a PATCH of process %d: %w", pid, ctx.Err())
		}
	}
}

// find returns the first request that fits.
func (h *handover) find(fits func(Exchange) bool) (Exchange, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.seen {
		if fits(e) {
			return e, true
		}
	}
	return Exchange{}, false
}

// TwoOwners has a worker that is stopped for longer than its lease in the middle of a file,
// and that continues while the next owner sends the rest.
func TwoOwners(ctx context.Context, setup Setup, size int64) ([]Row, error) {
	setup.Sizes, setup.Plan = []int64{size}, Plan{Seed: setup.Plan.Seed, Workers: 2, Slots: 1, Lease: 2 * time.Second}
	h, err := newHandover(ctx, setup, min(32<<20, size/4))
	if err != nil {
		return nil, err
	}
	err = h.twoOwners(ctx, size/5)
	sent := h.Proxy.Bytes()
	verdict, err := h.judge(ctx, err)
	return []Row{{
		Check:    "two owners of one upload",
		Measured: fmt.Sprintf("%.3f × the bytes of the file; %s", float64(sent)/float64(size), verdictText(verdict)),
		Required: "identical; ≤ 1.10 ×", Met: err == nil && verdict.Err() == nil && sent <= size*110/100,
	}}, h.closeAfter(err, verdict)
}

func (h *handover) twoOwners(ctx context.Context, stopAt int64) error {
	first, err := h.StartWorker("first")
	if err != nil {
		return err
	}
	if err := h.waitForBytes(ctx, stopAt); err != nil {
		return err
	}
	first.Signal(syscall.SIGSTOP)
	second, err := h.StartWorker("second")
	if err != nil {
		return err
	}
	if err := h.waitForPatch(ctx, second.PID()); err != nil {
		return err
	}
	first.Signal(syscall.SIGCONT)
	return errors.Join(first.Wait(ctx), second.Wait(ctx))
}

// judge judges the store unless there was an error, which it returns.
func (h *handover) judge(ctx context.Context, err error) (Verdict, error) {
	if err != nil {
		return Verdict{}, err
	}
	return h.Judge(ctx)
}

// closeAfter closes the stage after an error or a verdict.
func (h *handover) closeAfter(err error, v Verdict) error {
	err = errors.Join(err, v.Err())
	return h.Close(err, err)
}

func verdictText(v Verdict) string {
	if err := v.Err(); err != nil {
		return err.Error()
	}
	return "the stored bytes are those of the file"
}

// Takeover has a worker that is killed in the middle of a large file, and another one that
// finds a copy of the file at another path, with the same time of modification. The second
// worker runs as another user if this process may do that, and if others can reach the folder.
func Takeover(ctx context.Context, setup Setup, size int64) ([]Row, error) {
	setup.Sizes, setup.Plan = []int64{size}, Plan{Seed: setup.Plan.Seed, Workers: 2, Slots: 1, Lease: 2 * time.Second}
	h, err := newHandover(ctx, setup, 0)
	if err != nil {
		return nil, err
	}
	user, err := h.takeover(ctx, size/2)
	sent := h.Proxy.Bytes()
	verdict, err := h.judge(ctx, err)
	return []Row{{
		Check:    fmt.Sprintf("takeover of %d MiB at another path and uid %d", size>>20, user),
		Measured: fmt.Sprintf("size + %s; %s", mib(sent-size), verdictText(verdict)),
		Required: "≤ size + 4 MiB over both workers", Met: err == nil && verdict.Err() == nil && sent <= size+4<<20,
	}}, h.closeAfter(err, verdict)
}

// nobody is a user without rights.
const nobody = 65534

func (h *handover) takeover(ctx context.Context, killAt int64) (user int, err error) {
	other := h.Site
	other.Input = h.Site.Path("elsewhere")
	if err := copyTree(h.Site.Input, other.Input); err != nil {
		return 0, err
	}
	first, err := h.StartWorker("first")
	if err != nil {
		return 0, err
	}
	if err := h.waitForBytes(ctx, killAt); err != nil {
		return 0, err
	}
	first.Kill()
	cmd := h.Fleet.Worker(other)
	if user = os.Getuid(); user == 0 && isReachable(filepath.Dir(h.Site.Dir)) {
		user = nobody
		if err := h.runAs(cmd, user); err != nil {
			return user, err
		}
	}
	second, err := h.StartCommand(cmd, "second")
	if err != nil {
		return user, err
	}
	return user, second.Wait(ctx)
}

// isReachable reports whether all users can reach the files in a folder.
func isReachable(dir string) bool {
	for {
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm()&0o001 == 0 {
			return false
		}
		above := filepath.Dir(dir)
		if above == dir {
			return true
		}
		dir = above
	}
}

// runAs has a command run as another user, who gets copies of the state, of the token and of
// the program.
func (h *handover) runAs(cmd *exec.Cmd, user int) error {
	home := h.Site.Path("home")
	if err := os.MkdirAll(home, 0o755); err != nil {
		return err
	}
	if err := os.CopyFS(filepath.Join(home, "state"), os.DirFS(h.Site.Path("state"))); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	// The file with the token of the engine is for its owner alone.
	for i, arg := range cmd.Args {
		if filepath.Dir(arg) == h.Site.Dir && filepath.Base(arg) == tokenName {
			cmd.Args[i] = filepath.Join(home, tokenName)
			if err := copyFile(arg, cmd.Args[i], 0o600); err != nil {
				return err
			}
		}
	}
	program := filepath.Join(home, "program")
	if err := copyFile(cmd.Path, program, 0o755); err != nil {
		return err
	}
	cmd.Path = program
	cmd.Env = append(cmd.Env, "HOME="+home, "XDG_STATE_HOME="+filepath.Join(home, "state"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(user), Gid: uint32(user)}}
	if err := os.Chmod(h.Site.Dir, 0o711); err != nil { //nolint:gosec // The other user has to get through.
		return err
	}
	return filepath.WalkDir(home, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, user, user)
	})
}
