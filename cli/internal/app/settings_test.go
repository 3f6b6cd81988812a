package app

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// has is a place with these values.
func has(name string, adds bool, values map[string][]string) place {
	return place{name: name, adds: adds, get: func(f *pflag.Flag) ([]string, string, bool) {
		v, ok := values[f.Name]
		return v, name, ok
	}}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	type values = map[string][]string
	tests := map[string]struct {
		args           []string
		environment    values
		endpoint, file values
		want, wantFrom values // of the flags that they name
		fails          bool
	}{
		"each place before the next": {
			args:        []string{"--retries=1"},
			environment: values{"retries": {"2"}, "proxy": {"env"}},
			endpoint:    values{"retries": {"3"}, "proxy": {"endpoint"}, "cacert": {"endpoint"}},
			file:        values{"retries": {"4"}, "proxy": {"file"}, "cacert": {"file"}, "unix-socket": {"file"}},
			want:        values{"retries": {"1"}, "proxy": {"env"}, "cacert": {"endpoint"}, "unix-socket": {"file"}},
			wantFrom: values{
				"retries": {fromFlag}, "proxy": {fromEnvironment}, "cacert": {fromEndpoint}, "unix-socket": {fromFile},
			},
		},
		"headers join by name": {
			args:     []string{"-H", "A: 1", "-H", "a: 2"},
			endpoint: values{"header": {"A: 3", "B: 4", "b: 5"}},
			file:     values{"header": {"B: 6", "C: 7"}},
			want:     values{"header": {"A: 1", "a: 2", "B: 4", "b: 5", "C: 7"}},
			wantFrom: values{"header": {fromFlag, fromFlag, fromEndpoint, fromEndpoint, fromFile}},
		},
		"metadata joins by key": {
			args:     []string{"--metadata", "a=1"},
			endpoint: values{"metadata": {"a=2", "A=3", "flag"}},
			file:     values{"metadata": {"flag=4"}},
			want:     values{"metadata": {"a=1", "A=3", "flag"}},
		},
		"headers of the environment do not join": {
			args:        []string{"-H", "A: 1"},
			environment: values{"header": {"B: 2"}},
			want:        values{"header": {"A: 1"}},
		},
		"other lists do not join": {
			endpoint: values{"print-header": {"A"}},
			file:     values{"print-header": {"B"}},
			want:     values{"print-header": {"A"}},
		},
		"an empty list is a setting": {
			endpoint: values{"print-header": {}},
			file:     values{"print-header": {"B"}},
			want:     values{"print-header": {}},
		},
		"credentials exclude those of later places": {
			environment: values{"user": {"a:b"}},
			endpoint:    values{"token-file": {"t"}, "header": {"authorization: x", "B: 1"}},
			want:        values{"user": {"a:b"}, "token-file": {""}, "header": {"B: 1"}},
		},
		"a header of credentials excludes the others": {
			args:     []string{"-H", "AUTHORIZATION: x"},
			endpoint: values{"token-command": {"t"}},
			want:     values{"token-command": {""}},
		},
		"the same place may contradict itself": {
			endpoint: values{"user": {"a:b"}, "token-file": {"t"}},
			want:     values{"user": {"a:b"}, "token-file": {"t"}},
		},
		"a certificate comes with its key": {
			args:     []string{"--cert", "c"},
			endpoint: values{"cert": {"d"}, "key": {"k"}},
			want:     values{"cert": {"c"}, "key": {""}},
		},
		"quiet and verbose": {
			args: []string{"-q"},
			file: values{"verbose": {"true"}},
			want: values{"quiet": {"true"}, "verbose": {"false"}},
		},
		"bad value":                   {file: values{"retries": {"many"}}, fails: true},
		"bad value that is not asked": {args: []string{"--retries=1"}, file: values{"retries": {"many"}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, cmd := envFlags(t, test.args)
			s := newSettings(cmd.Flags())
			var err error
			for _, p := range []place{
				has(fromEnvironment, false, test.environment), has(fromEndpoint, true, test.endpoint), has(fromFile, true, test.file),
			} {
				if err == nil {
					err = s.add(p)
				}
			}
			if failed := err != nil; failed != test.fails {
				t.Fatalf("error %v", err)
			}
			for flag, want := range test.want {
				if diff := cmp.Diff(want, valuesOf(cmd.Flags().Lookup(flag))); diff != "" {
					t.Errorf("%s: %s", flag, diff)
				}
			}
			for flag, want := range test.wantFrom {
				var got []string
				for _, o := range s.origins[flag] {
					got = append(got, o.place)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s: %s", flag, diff)
				}
			}
		})
	}
}

// The environment and the config file can set each flag, and a flag has the same
// type in all commands.
func TestEveryFlagIsASetting(t *testing.T) {
	t.Parallel()
	root := (&app{}).root()
	keys := configKeys(root)
	variables, types := map[string]string{}, map[string]string{}
	eachFlag(root, func(cmd *cobra.Command, f *pflag.Flag) {
		if f.Name == "help" {
			return
		}
		if _, ok := keys[f.Name]; !ok && !slices.Contains(notInConfig, f.Name) {
			t.Errorf("%s --%s is no key of the config file", cmd.CommandPath(), f.Name)
		}
		if other, ok := types[f.Name]; ok && other != f.Value.Type() {
			t.Errorf("%s --%s is a %s, elsewhere it is a %s", cmd.CommandPath(), f.Name, f.Value.Type(), other)
		}
		types[f.Name] = f.Value.Type()
		variable := envName(f.Name)
		if other, ok := variables[variable]; ok && other != f.Name {
			t.Errorf("%s sets --%s and --%s", variable, f.Name, other)
		}
		variables[variable] = f.Name
		if strings.Trim(variable, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
			t.Errorf("no shell can set %s", variable)
		}
	})
	for _, cmd := range allCommands(root) {
		asked := map[string]bool{}
		err := newSettings(cmd.Flags()).add(environment(func(name string) (string, bool) {
			asked[name] = true
			return "", false
		}))
		if err != nil {
			t.Fatal(err)
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Name != "help" && !asked[envName(f.Name)] {
				t.Errorf("%s never asks for %s", cmd.CommandPath(), envName(f.Name))
			}
		})
	}
}

func TestHidden(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ flag, value, want string }{
		"header":               {"header", "Authorization: Bearer hush", "Authorization: ***"},
		"header without name":  {"header", "hush", "***"},
		"user":                 {"user", "me:hush:hush", "me:***"},
		"user alone":           {"user", "me", "me"},
		"command":              {"token-command", "curl -u me:hush https://h/", "curl ***"},
		"command of a word":    {"token-command", "token", "token"},
		"proxy":                {"proxy", "http://me:hush@p:1", "http://p:1"},
		"proxy without secret": {"proxy", "http://p:1", "http://p:1"},
		"something else":       {"metadata", "a=b", "a=b"},
		"nothing":              {"header", "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := hidden(test.flag, test.value); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
