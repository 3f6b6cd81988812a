package settings

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/tusker-go/tusker/cli/internal/console"
)

// flagSet returns flags of each kind, with the names of flags that exclude each other.
func flagSet() *pflag.FlagSet {
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.Int("retries", 10, "")
	for _, name := range []string{"proxy", "cacert", "cert", "key", "unix-socket", "token-file", "token-command", "user"} {
		flags.String(name, "", "")
	}
	flags.StringArrayP("header", "H", nil, "")
	for _, name := range []string{"metadata", "print-header"} {
		flags.StringArray(name, nil, "")
	}
	flags.BoolP("quiet", "q", false, "")
	flags.BoolP("verbose", "v", false, "")
	return flags
}

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
				"retries": {FromFlag}, "proxy": {fromEnvironment}, "cacert": {FromEndpoint}, "unix-socket": {fromFile},
			},
		},
		"headers join by name": {
			args:     []string{"-H", "A: 1", "-H", "a: 2"},
			endpoint: values{"header": {"A: 3", "B: 4", "b: 5"}},
			file:     values{"header": {"B: 6", "C: 7"}},
			want:     values{"header": {"A: 1", "a: 2", "B: 4", "b: 5", "C: 7"}},
			wantFrom: values{"header": {FromFlag, FromFlag, FromEndpoint, FromEndpoint, fromFile}},
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
			flags := flagSet()
			if err := flags.Parse(test.args); err != nil {
				t.Fatal(err)
			}
			s := New(&console.Console{}, flags)
			var err error
			for _, p := range []place{
				has(fromEnvironment, false, test.environment), has(FromEndpoint, true, test.endpoint), has(fromFile, true, test.file),
			} {
				if err == nil {
					err = s.add(p)
				}
			}
			if failed := err != nil; failed != test.fails {
				t.Fatalf("error %v, want one: %t", err, test.fails)
			}
			for flag, want := range test.want {
				if diff := cmp.Diff(want, valuesOf(flags.Lookup(flag))); diff != "" {
					t.Errorf("%s (-want +got):\n%s", flag, diff)
				}
			}
			for flag, want := range test.wantFrom {
				var got []string
				for _, o := range s.origins[flag] {
					got = append(got, o.place)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", flag, diff)
				}
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
