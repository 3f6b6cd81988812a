package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/config"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/shell"
	"github.com/tusker-go/tusker/cli/internal/textfile"
	"github.com/tusker-go/tusker/cli/internal/usage"
)

// NoConfig marks a command that works without the config file, and even
// if the file has errors.
const NoConfig = "no-config"

// NotInConfig are flags that are not allowed in the config file.
var NotInConfig = []string{"help", "config", "as"}

// DefaultPathText returns the default path of the config file as text for people, see
// config.DefaultPath.
func DefaultPathText(goos string) string {
	switch goos {
	case "windows":
		return `%AppData%\tusker\config.yaml`
	case "darwin":
		return "~/Library/Application Support/tusker/config.yaml"
	}
	return "$XDG_CONFIG_HOME/tusker/config.yaml, or else ~/.config/tusker/config.yaml"
}

// Path returns the path of the config file, or "" if there is none. Named
// reports whether the user named the file.
func Path(flags *pflag.FlagSet, lookup func(string) (string, bool)) (path string, named bool) {
	if f := flags.Lookup("config"); f != nil && f.Changed {
		return f.Value.String(), true
	}
	return config.DefaultPath(runtime.GOOS, lookup), false
}

// configFile reads the config file, whose keys are the flags of all commands below the result of
// root. The result is empty if there is no file.
func configFile(cmd *cobra.Command, root func() *cobra.Command, lookup func(string) (string, bool)) (*config.File, error) {
	path, named := Path(cmd.Flags(), lookup)
	if path == "" {
		return &config.File{}, nil
	}
	// Most users have no file, and making the flags of all commands takes time.
	if _, err := os.Stat(path); textfile.IsAbsent(err) && !named {
		return &config.File{Path: path}, nil
	}
	file, err := config.Read(path, ConfigKeys(root()))
	if textfile.IsAbsent(err) && !named {
		return &config.File{Path: path}, nil
	}
	if wrong, ok := errors.AsType[*config.Error](err); ok {
		if refused, ok := errors.AsType[*config.AccessError](err); ok {
			err = fmt.Errorf("%w: %s %s", err, accessRemedy(refused, userName()), shell.QuotePath(path))
		}
		return nil, &advice.Failure{Err: err, Hint: configHint(wrong)}
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

// readableConfig reads the config file for a run. It continues without the file if the user
// did not name it and may not read it, such as that of a HOME that sudo kept.
func (s *Settings) readableConfig(cmd *cobra.Command, root func() *cobra.Command) (*config.File, error) {
	file, err := configFile(cmd, root, s.console.LookupEnv)
	if path, named := Path(cmd.Flags(), s.console.LookupEnv); errors.Is(err, fs.ErrPermission) && !named {
		s.console.Say("continuing without %s", output.OneLine(output.ErrorText(err)))
		return &config.File{Path: path}, nil
	}
	return file, err
}

func configHint(e *config.Error) string {
	if e.Meant != "" {
		return "did you mean " + e.Meant + "?"
	}
	return "--config '' runs without a config file"
}

// ConfigKeys returns the flags of all commands.
func ConfigKeys(root *cobra.Command) map[string]config.Key {
	keys := make(map[string]config.Key)
	EachFlag(root, func(_ *cobra.Command, f *pflag.Flag) {
		if slices.Contains(NotInConfig, f.Name) {
			return
		}
		key := config.Key{Separator: separators[f.Name]}
		if key.Separator == ":" {
			key.Separator = ": "
		}
		_, key.List = f.Value.(pflag.SliceValue)
		keys[Name(f)] = key
	})
	return keys
}

// EachFlag calls fn for the flags of cmd and of all commands below it.
func EachFlag(cmd *cobra.Command, fn func(*cobra.Command, *pflag.Flag)) {
	visit := func(f *pflag.Flag) { fn(cmd, f) }
	cmd.LocalFlags().VisitAll(visit)
	for _, c := range cmd.Commands() {
		EachFlag(c, fn)
	}
}

// ReadConfig reads the config file, for Arguments and AddConfig. Root returns the command of the
// program with all commands below it, whose flags are the keys of the file. ReadConfig calls it
// only if there is a file.
func (s *Settings) ReadConfig(cmd *cobra.Command, root func() *cobra.Command) error {
	file, err := s.readableConfig(cmd, root)
	s.file = file
	return err
}

// AddConfig adds the settings of the config file and of the profile. If the first argument
// is the name of an endpoint, its URL replaces it. Call AddConfig after ReadConfig.
func (s *Settings) AddConfig(cmd *cobra.Command, args []string) error {
	e, err := s.endpoint(cmd, args, s.file)
	if err != nil {
		return err
	}
	if err := s.addFile(e); err != nil {
		return err
	}
	return checkOrigin(cmd, args, e)
}

// addFile adds the settings of the endpoint e, of the config file, and of the profile.
func (s *Settings) addFile(e config.Endpoint) error {
	for _, p := range []place{
		s.filePlace(FromEndpoint, s.file, e.Settings),
		s.filePlace(fromFile, s.file, s.file.Defaults),
	} {
		if err := s.add(p); err != nil {
			return err
		}
	}
	p, err := profilePlace(s.flags)
	if err != nil {
		return err
	}
	return s.add(p)
}

// filePlace returns the settings of one level of the config file.
func (s *Settings) filePlace(name string, file *config.File, level config.Settings) place {
	return place{name: name, adds: true, get: func(f *pflag.Flag) ([]string, string, bool) {
		setting, ok := level[Name(f)]
		if !ok {
			return nil, "", false
		}
		values := slices.Clone(setting.Values)
		if slices.Contains(PathFlags, f.Name) {
			for i, value := range values {
				values[i] = besideConfig(file, value, s.console.LookupEnv)
			}
		}
		return values, fmt.Sprintf("%s:%d", file.Path, setting.Line), true
	}}
}

// PathFlags name files and folders.
var PathFlags = []string{
	"token-file", "netrc-file", "cacert", "cert", "key", "unix-socket", "state-dir", "files-from", "exclude-from", "move-to", "log-file",
	"manifest", "engine-creds", "engine-token-file", "engine-cacert", "engine-cert", "engine-key",
}

// besideConfig returns a path of the config file, relative to the folder of the
// file. ~ stands for the home folder.
func besideConfig(file *config.File, path string, lookup func(string) (string, bool)) string {
	switch {
	case path == "", path == usage.Stdin, filepath.IsAbs(path):
		return path
	case path == "~" || strings.HasPrefix(path, "~/"):
		if folder, ok := Home(lookup); ok {
			return filepath.Join(folder, path[1:])
		}
		return path
	}
	return filepath.Join(filepath.Dir(file.Path), path)
}

// Home returns the home folder of the user.
func Home(lookup func(string) (string, bool)) (string, bool) {
	variable := "HOME"
	if runtime.GOOS == "windows" {
		variable = "USERPROFILE"
	}
	folder, ok := lookup(variable)
	return folder, ok && folder != ""
}
