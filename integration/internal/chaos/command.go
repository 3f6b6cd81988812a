//go:build linux

package chaos

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Command is a fleet of processes of the command "tusker job".
type Command struct {
	// Tusker is the program tusker.
	Tusker string

	// Local has the processes share the engine of the machine: the first worker serves it,
	// and another one takes over when it dies. False: "tusker job serve" serves it.
	Local bool

	// Unfenced has the workers use the engine through an [Unfence].
	Unfenced bool

	// AddFlags and WorkFlags are further flags of "job add" and "job work".
	AddFlags, WorkFlags []string

	engine    string // URL; "": Local
	tokenFile string // of the engine
	unfence   *Unfence
}

const (
	jobName  = "chaos"
	rootName = "input"

	tokenName = "token" // of the file with the token of the engine
)

// Engine returns the command of the engine.
func (f *Command) Engine(site Site) (string, func() *exec.Cmd, error) {
	f.engine = ""
	if f.Local {
		return "", nil, nil
	}
	address, err := FreeAddress()
	if err != nil {
		return "", nil, err
	}
	f.engine, f.tokenFile = "nats://"+address, site.Path(tokenName)
	if err := os.WriteFile(f.tokenFile, []byte("the-token-of-a-test\n"), 0o600); err != nil {
		return "", nil, err
	}
	if f.Unfenced {
		if f.unfence, err = StartUnfence(address); err != nil {
			return "", nil, err
		}
	}
	return address, func() *exec.Cmd {
		return f.tusker(site, "serve", "--listen", address, "--engine-token-file", f.tokenFile, "--state-dir", site.Path("engine"))
	}, nil
}

// token returns the token of the engine.
func (f *Command) token() (string, error) {
	b, err := os.ReadFile(f.tokenFile)
	return strings.TrimSpace(string(b)), err
}

// tusker returns a command "tusker job".
func (f *Command) tusker(site Site, args ...string) *exec.Cmd {
	args = append([]string{"job"}, args...)
	if f.engine != "" && args[1] != "serve" {
		args = append(args, "--engine", f.engine, "--engine-token-file", f.tokenFile)
	}
	cmd := exec.Command(f.Tusker, args...) //nolint:noctx // Its caller ends it.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "TUSKER_") })
	cmd.Env = append(cmd.Env, "XDG_STATE_HOME="+site.Path("state"), "XDG_CONFIG_HOME="+site.Path("config"))
	return cmd
}

// Add runs "job add".
func (f *Command) Add(ctx context.Context, site Site) error {
	args := []string{"add", jobName, site.Endpoint, "--lease", site.Plan.Lease.String(), "--root", rootName + "=" + site.Input, "-r", site.Input}
	_, err := f.output(ctx, site, append(args, f.AddFlags...)...)
	return err
}

// Worker returns a command "job work".
func (f *Command) Worker(site Site) *exec.Cmd {
	args := []string{"work", jobName, "--root", rootName + "=" + site.Input, "--concurrency", strconv.Itoa(site.Plan.Slots), "--until-done"}
	cmd := f.tusker(site, append(args, f.WorkFlags...)...)
	for i, arg := range cmd.Args {
		if f.unfence != nil && arg == f.engine {
			cmd.Args[i] = "nats://" + f.unfence.Address
		}
	}
	return cmd
}

// Holder reads the process number of the process that serves the engine of the machine.
func (f *Command) Holder(site Site) int {
	files, err := filepath.Glob(site.Path("state/*/engine/address"))
	if err != nil || len(files) == 0 {
		return 0
	}
	var address struct{ PID int }
	b, err := os.ReadFile(files[0])
	if err != nil || json.Unmarshal(b, &address) != nil {
		return 0
	}
	return address.PID
}

// Results runs "job results".
func (f *Command) Results(ctx context.Context, site Site) ([]Result, error) {
	if f.unfence != nil {
		f.unfence.Close()
		f.unfence = nil
	}
	all, err := f.AllResults(ctx, site)
	if err != nil {
		return nil, err
	}
	var done []Result
	for _, r := range all {
		if r.Class == "" {
			done = append(done, Result{Name: r.path(), URL: r.URL})
		}
	}
	return done, nil
}

// JobResult is a line of "job results --json".
type JobResult struct {
	Item                string // root and path
	URL, Class, Message string
	Attempts            int
}

// path returns the path of the item below its root.
func (r JobResult) path() string {
	_, path, _ := strings.Cut(r.Item, ":")
	return path
}

// AllResults returns the results of all items, also of those that failed.
func (f *Command) AllResults(ctx context.Context, site Site) ([]JobResult, error) {
	var all []JobResult
	for _, filter := range [][]string{nil, {"--failed"}} {
		out, err := f.output(ctx, site, append([]string{"results", jobName, "--json"}, filter...)...)
		if err != nil {
			return nil, err
		}
		for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
			var r JobResult
			if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
				return nil, fmt.Errorf("%q: %w", lines.Text(), err)
			}
			all = append(all, r)
		}
	}
	return all, nil
}

// output runs a command and returns what it prints.
func (f *Command) output(ctx context.Context, site Site, args ...string) ([]byte, error) {
	cmd := f.tusker(site, args...)
	var out bytes.Buffer
	cmd.Stdout = &out
	p, err := StartProcess(cmd, site.Path("logs/"+args[0]+".log"))
	if err != nil {
		return nil, err
	}
	if err := p.Wait(ctx); err != nil {
		p.Kill()
		return nil, fmt.Errorf("tusker job %s: %w", args[0], err)
	}
	return out.Bytes(), nil
}
