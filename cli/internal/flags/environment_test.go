package flags

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/cli/internal/settings"
)

// envFlags are those of upload, after the command line was read.
func envFlags(t *testing.T, args []string) (*Sending, *cobra.Command) {
	t.Helper()
	s := &Sending{}
	cmd := &cobra.Command{}
	s.Register(cmd)
	cmd.Flags().StringArray("metadata", nil, "")
	cmd.Flags().BoolP("quiet", "q", false, "")
	cmd.Flags().BoolP("verbose", "v", false, "")
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	return s, cmd
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args    []string
		env     map[string]string
		check   func(*Sending) any
		want    any
		failure string
	}{
		"set": {
			env:   map[string]string{"TUSKER_RETRY_MAX_WAIT": "2s"},
			check: func(s *Sending) any { return s.RetryMaxWait }, want: 2 * time.Second,
		},
		"point in the name": {
			env:   map[string]string{"TUSKER_HTTP1_1": "1"},
			check: func(s *Sending) any { return s.http1 }, want: true,
		},
		"switched off": {
			env:   map[string]string{"TUSKER_INSECURE": "false"},
			check: func(s *Sending) any { return s.insecure }, want: false,
		},
		"command line wins": {
			args:  []string{"--retries", "1"},
			env:   map[string]string{"TUSKER_RETRIES": "7"},
			check: func(s *Sending) any { return s.retries }, want: 1,
		},
		"command line wins over what it would not read": {
			args:  []string{"--retries", "1"},
			env:   map[string]string{"TUSKER_RETRIES": "many"},
			check: func(s *Sending) any { return s.retries }, want: 1,
		},
		"empty is not set": {
			env:   map[string]string{"TUSKER_RETRIES": ""},
			check: func(s *Sending) any { return s.retries }, want: 10,
		},
		"repeated": {
			env:   map[string]string{"TUSKER_HEADER": "A: 1\r\n\nB: 2, 3\n"},
			check: func(s *Sending) any { return s.headers }, want: []string{"A: 1", "B: 2, 3"},
		},
		"repeated on the command line": {
			args:  []string{"-H", "C: 3"},
			env:   map[string]string{"TUSKER_HEADER": "A: 1"},
			check: func(s *Sending) any { return s.headers }, want: []string{"C: 3"},
		},
		"other credentials on the command line": {
			args:  []string{"--user", "a:b"},
			env:   map[string]string{"TUSKER_TOKEN_FILE": "token", "TUSKER_TOKEN_COMMAND": "cat"},
			check: func(s *Sending) any { return []string{s.user, s.tokenFile, s.tokenCommand} }, want: []string{"a:b", "", ""},
		},
		"nonsense": {
			env:     map[string]string{"TUSKER_CHUNK_SIZE": "lots"},
			failure: "environment variable TUSKER_CHUNK_SIZE: ",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, cmd := envFlags(t, test.args)
			err := settings.New(&console.Console{LookupEnv: func(name string) (string, bool) {
				v, ok := test.env[name]
				return v, ok
			}}, cmd.Flags()).AddEnvironment()
			if test.failure != "" {
				if err == nil || !strings.HasPrefix(err.Error(), test.failure) {
					t.Errorf("error %v, want %q…", err, test.failure)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, test.check(s)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestEnvironmentHasNoHelp(t *testing.T) {
	t.Parallel()
	_, cmd := envFlags(t, nil)
	cmd.InitDefaultHelpFlag()
	all := map[string]bool{}
	if err := settings.New(&console.Console{LookupEnv: func(name string) (string, bool) {
		all[name] = true
		return "", false
	}}, cmd.Flags()).AddEnvironment(); err != nil {
		t.Fatal(err)
	}
	if all["TUSKER_HELP"] {
		t.Error("asks for TUSKER_HELP")
	}
	if !all["TUSKER_STALL_TIMEOUT"] || !all["TUSKER_PRINT_HEADER"] {
		t.Errorf("asks for %v only", all)
	}
}
