package app

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/internal/config"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/suggest"
)

// annotationNoConfig marks a command that works without the config file, and even
// if the file has errors.
const annotationNoConfig = "no-config"

// notInConfig are flags that are not allowed in the config file.
var notInConfig = []string{"help", "config", "as"}

// configText returns the default path of the config file as text for people, see
// config.DefaultPath.
func configText(goos string) string {
	switch goos {
	case "windows":
		return `%AppData%\tusker\config.yaml`
	case "darwin":
		return "~/Library/Application Support/tusker/config.yaml"
	}
	return "$XDG_CONFIG_HOME/tusker/config.yaml, or else ~/.config/tusker/config.yaml"
}

// configPath returns the path of the config file, or "" if there is none. Named
// reports whether the user named the file.
func (a *app) configPath(flags *pflag.FlagSet) (path string, named bool) {
	if f := flags.Lookup("config"); f != nil && f.Changed {
		return f.Value.String(), true
	}
	return config.DefaultPath(runtime.GOOS, a.lookupEnv), false
}

// configFile reads the config file. The result is empty if there is no file.
func (a *app) configFile(cmd *cobra.Command) (*config.File, error) {
	path, named := a.configPath(cmd.Flags())
	if path == "" {
		return &config.File{}, nil
	}
	file, err := config.Read(path, configKeys(cmd.Root()))
	if isAbsent(err) && !named {
		return &config.File{Path: path}, nil
	}
	if wrong, ok := errors.AsType[*config.Error](err); ok {
		if refused, ok := errors.AsType[*config.AccessError](err); ok {
			err = fmt.Errorf("%w: %s %s", err, accessRemedy(refused, userName()), quotePath(path))
		}
		return nil, &failure{err: err, hint: configHint(wrong)}
	}
	return file, err
}

// accessRemedy returns the command, without the name of the file, that makes a file
// trusted for the user.
func accessRemedy(e *config.AccessError, user string) string {
	if e.Foreign {
		return "if you trust what it says, chown " + user
	}
	return "chmod go-w"
}

// userName returns the name of the user, or the id if there is no name.
func userName() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return strconv.Itoa(os.Geteuid())
}

// isAbsent reports whether err means that an optional file does not exist. This
// includes a path below a file that is not a folder, as with HOME=/dev/null.
func isAbsent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// readableConfig is configFile for a run. It continues without the file if the user
// did not name it and may not read it, such as that of a HOME that sudo kept.
func (a *app) readableConfig(cmd *cobra.Command) (*config.File, error) {
	file, err := a.configFile(cmd)
	if path, named := a.configPath(cmd.Flags()); errors.Is(err, fs.ErrPermission) && !named {
		a.say("going on without %s", output.OneLine(output.ErrorText(err)))
		return &config.File{Path: path}, nil
	}
	return file, err
}

func configHint(e *config.Error) string {
	if e.Meant != "" {
		return "did you mean " + e.Meant + "?"
	}
	return "--config '' goes without it"
}

// configKeys returns the flags of all commands.
func configKeys(root *cobra.Command) map[string]config.Key {
	keys := make(map[string]config.Key)
	eachFlag(root, func(_ *cobra.Command, f *pflag.Flag) {
		if slices.Contains(notInConfig, f.Name) {
			return
		}
		key := config.Key{Separator: separators[f.Name]}
		if key.Separator == ":" {
			key.Separator = ": "
		}
		_, key.List = f.Value.(pflag.SliceValue)
		keys[f.Name] = key
	})
	return keys
}

// eachFlag calls fn for the flags of cmd and of all commands below it.
func eachFlag(cmd *cobra.Command, fn func(*cobra.Command, *pflag.Flag)) {
	visit := func(f *pflag.Flag) { fn(cmd, f) }
	cmd.LocalFlags().VisitAll(visit)
	for _, c := range cmd.Commands() {
		eachFlag(c, fn)
	}
}

// configure sets the flags that the command line and the environment did not set.
// If the first argument is the name of an endpoint, its URL replaces it.
func (a *app) configure(cmd *cobra.Command, args []string, s *settings) error {
	file, err := a.readableConfig(cmd)
	if err != nil {
		return err
	}
	a.configured = file
	e, err := a.endpoint(cmd, args, file)
	if err != nil {
		return err
	}
	for _, p := range []place{
		a.filePlace(fromEndpoint, file, e.Settings),
		a.filePlace(fromFile, file, file.Defaults),
	} {
		if err := s.add(p); err != nil {
			return err
		}
	}
	if err := a.checkOrigin(cmd, args, e); err != nil {
		return err
	}
	p, err := profilePlace(cmd.Flags())
	if err != nil {
		return err
	}
	return s.add(p)
}

// filePlace returns the settings of one level of the config file.
func (a *app) filePlace(name string, file *config.File, level config.Settings) place {
	return place{name: name, adds: true, get: func(f *pflag.Flag) ([]string, string, bool) {
		setting, ok := level[f.Name]
		if !ok {
			return nil, "", false
		}
		values := slices.Clone(setting.Values)
		if slices.Contains(pathFlags, f.Name) {
			for i, value := range values {
				values[i] = a.besideConfig(file, value)
			}
		}
		return values, fmt.Sprintf("%s:%d", file.Path, setting.Line), true
	}}
}

// pathFlags name files and folders.
var pathFlags = []string{
	"token-file", "netrc-file", "cacert", "cert", "key", "unix-socket", "state-dir", "files-from",
}

// besideConfig returns a path of the config file, relative to the folder of the
// file. ~ stands for the home folder.
func (a *app) besideConfig(file *config.File, path string) string {
	switch {
	case path == "", path == stdin, filepath.IsAbs(path):
		return path
	case path == "~" || strings.HasPrefix(path, "~/"):
		if home, ok := a.home(); ok {
			return filepath.Join(home, path[1:])
		}
		return path
	}
	return filepath.Join(filepath.Dir(file.Path), path)
}

func (a *app) home() (string, bool) {
	variable := "HOME"
	if runtime.GOOS == "windows" {
		variable = "USERPROFILE"
	}
	home, ok := a.lookupEnv(variable)
	return home, ok && home != ""
}

// endpoint returns the endpoint that the arguments or --as name, and the zero value
// if they name none.
func (a *app) endpoint(cmd *cobra.Command, args []string, file *config.File) (config.Endpoint, error) {
	if as := cmd.Flags().Lookup("as"); as != nil && as.Value.String() != "" {
		e, err := endpointCalled(file, strings.TrimSuffix(as.Value.String(), ":"))
		a.again.as = e.Name
		return e, err
	}
	if firstArgument(cmd) != argEndpoint || len(args) == 0 {
		return config.Endpoint{}, nil
	}
	name, ok := strings.CutSuffix(args[0], ":")
	if !ok || !config.IsName(name) {
		return config.Endpoint{}, nil
	}
	e, err := endpointCalled(file, name)
	if err == nil {
		a.again.as, args[0] = e.Name, e.URL
	}
	return e, err
}

func endpointCalled(file *config.File, name string) (config.Endpoint, error) {
	e, ok := file.Endpoints[name]
	if ok {
		return e, nil
	}
	err := &failure{err: fmt.Errorf("no endpoint is called %q: there is no config file", name)}
	if file.Path != "" {
		err.err = fmt.Errorf("no endpoint is called %q in %s", name, file.Path)
	}
	if meant := suggest.Nearest(name, maps.Keys(file.Endpoints)); meant != "" {
		err.hint = "did you mean " + meant + "?"
	}
	return e, err
}

// The names of arguments in the usage of commands.
const (
	argEndpoint = "ENDPOINT"
	argLocation = "LOCATION"
)

// firstArgument returns the name of the first argument of cmd in its usage, or ""
// without arguments.
func firstArgument(cmd *cobra.Command) string {
	for i, word := range strings.Fields(cmd.Use) {
		if i > 0 && word != "[flags]" {
			return strings.TrimRight(strings.Trim(word, "[]"), ".")
		}
	}
	return ""
}
