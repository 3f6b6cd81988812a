package awsconfig

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The files have the syntax of the AWS command line.
func TestParse(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want string // name=value of section a, and the names of all sections
	}{
		"properties":           {"[a]\nx=1\n y : 2\nZ = 3 4\n", "x=1 y=2 z=3 4"},
		"other line ends":      {"[a]\r\nx = 1\r\n", "x=1"},
		"no line end":          {"[a]\nx = 1", "x=1"},
		"first sign splits":    {"[a]\nx = a:b=c\ny: a=b\n", "x=a:b=c y=a=b"},
		"comments":             {"# x\n; y\n[a] # z\n  # w\nx = 1 # u\ny = 2\t; v\nz = a#b;c\n", "x=1 y=2 z=a#b;c"},
		"comment at a header":  {"[a]#z=1\nx = 1\n", "x=1"},
		"comment with a sign":  {"[a]\nx # y = 1\n", ""},
		"spaces":               {" [ a ] \nx   =   1   \n", "x=1"},
		"quotes":               {"[a]\nx = \"1 2\"\ny = '3'\nz = \"4\nw = \"\n", "w=\" x=1 2 y=3 z=\"4"},
		"no section":           {"x = 1\n[a]\ny = 2\n", "y=2"},
		"the same section":     {"[a]\nx = 1\ny = 1\n[b]\nx = 3\n[a]\nx = 2\n", "x=2 y=1"},
		"nested":               {"[a]\ns3 =\n  endpoint_url = http://x\n  max = 2\nx = 1\n", "s3={endpoint_url=http://x max=2} x=1"},
		"nested without name":  {"[a]\n  x = 1\n", "x=1"},
		"continued":            {"[a]\nx = 1\n  2\n", "x=1\n2"},
		"indent after a value": {"[a]\nx = 1\n  y = 2\n", "x=1 y=2"},
		"not a property":       {"[a]\nx\n= 1\n", "=1"},
		"not a section":        {"[a]\n[b\nx = 1\n[a] b\n", "x=1"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := describe(parse(test.text, "file")["a"]); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	sections := parse("[profile  my own]\n[sso-session\tx]\n[profile 'q']\n[default]\n", "file")
	for _, want := range []string{"profile my own", "sso-session x", "profile q", "default"} {
		if _, ok := sections[want]; !ok {
			t.Errorf("there is no section %q in %v", want, sections)
		}
	}
}

// describe returns the properties in the order of their names.
func describe(s section) string {
	var all []string
	for _, name := range sorted(s) {
		text := s[name].text
		if nested := s[name].nested; nested != nil {
			var inner []string
			for _, n := range sorted(nested) {
				inner = append(inner, n+"="+nested[n])
			}
			text = "{" + strings.Join(inner, " ") + "}"
		}
		all = append(all, name+"="+text)
	}
	return strings.Join(all, " ")
}

// The config file and the credentials file are one. The credentials file wins, and an access
// key is never put together from both.
func TestFiles(t *testing.T) {
	environment(t, nil, map[string]string{
		"config": "[default]\nregion = old\n[profile default]\nregion = r1\naws_access_key_id = A\naws_secret_access_key = a\naws_session_token = t\n" +
			"[profile both]\nregion = r2\naws_access_key_id = A\naws_secret_access_key = a\naws_session_token = t\n" +
			"[profile half]\naws_access_key_id = A\naws_secret_access_key = a\n[plain]\nregion = ignored\n[sso-session s]\nsso_region = r\n[services v]\n",
		"credentials": "[both]\naws_access_key_id = B\naws_secret_access_key = b\n[half]\naws_access_key_id = B\n[only]\nregion = r3\n[profile no]\nregion = no\n",
	})
	f := readFiles()
	got := map[string]string{}
	for name, s := range f.profiles {
		got[name] = describe(s)
	}
	want := map[string]string{
		"default": "aws_access_key_id=A aws_secret_access_key=a aws_session_token=t region=r1",
		"both":    "aws_access_key_id=B aws_secret_access_key=b region=r2",
		"half":    "aws_access_key_id=B",
		"only":    "region=r3",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if f.sessions["s"] == nil || f.services["v"] == nil {
		t.Errorf("sessions %v, services %v", f.sessions, f.services)
	}
}
