package netrc_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/netrc"
)

const example = `# mine
machine tus.example login me password s3cret
machine tus.example
	login other
	password "two words \" \\"
machine MACRO.example login m macdef init
	machine not.example login no password no

machine last.example password alone # comment
default login anonymous password guest
`

func TestFind(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		host, login string
		want        netrc.Entry
	}{
		"first of a host":    {"tus.example", "", netrc.Entry{Machine: "tus.example", Login: "me", Password: "s3cret"}},
		"by login, quoted":   {"tus.example", "other", netrc.Entry{Machine: "tus.example", Login: "other", Password: `two words " \`}},
		"capitals":           {"macro.example", "", netrc.Entry{Machine: "MACRO.example", Login: "m"}},
		"in a macro":         {"not.example", "", netrc.Entry{Login: "anonymous", Password: "guest"}},
		"without a login":    {"last.example", "", netrc.Entry{Machine: "last.example", Password: "alone"}},
		"default":            {"any.example", "", netrc.Entry{Login: "anonymous", Password: "guest"}},
		"default by login":   {"any.example", "anonymous", netrc.Entry{Login: "anonymous", Password: "guest"}},
		"login of no entry":  {"tus.example", "nobody", netrc.Entry{}},
		"host within a host": {"x.tus.example", "me", netrc.Entry{}},
	}
	file, err := netrc.Parse(example)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := file.Find(test.host, "443", test.login)
			if got != test.want || ok != (test.want != netrc.Entry{}) {
				t.Errorf("Find = %+v, %t, want %+v", got, ok, test.want)
			}
		})
	}
	if _, ok := (*netrc.File)(nil).Find("tus.example", "443", ""); ok {
		t.Error("Find of a nil file returns an entry")
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, line string }{
		"unknown word":     {"machine a login b\n\npasswort hush", "line 3"},
		"end too early":    {"machine a\npassword", "line 2"},
		"no machine":       {"login hush", "line 1"},
		"quote":            {"machine a password \"hush\n\"", "line 1"},
		"quote at the end": {`machine a password "hush\`, "line 1"},
		"no name":          {`machine "" password hush`, "line 1"},
		"macro, no name":   {"macdef\nmachine a login b password hush", "line 1"},
		"password missing": {"machine a login b password\nmachine hush login b", "line 2"},
		"two words":        {"machine a password two hush", "line 1"},
		"after a quote":    {`machine a password "two"hush`, "line 1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := netrc.Parse(test.text)
			if !errors.Is(err, netrc.ErrSyntax) || !strings.Contains(err.Error(), test.line) || strings.Contains(err.Error(), "hush") {
				t.Errorf("error %v, want %s", err, test.line)
			}
		})
	}
}
