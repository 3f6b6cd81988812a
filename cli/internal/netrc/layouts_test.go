package netrc_test

import (
	"testing"

	"github.com/tusker-go/tusker/cli/internal/netrc"
)

// Each layout of a file has the expected credentials for h.example, port 8443.
func TestLayouts(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text, login string
		want        string // login and password, with a colon between; "" for none
	}{
		"one line":               {"machine h.example login me password x", "", "me:x"},
		"a line each":            {"machine h.example\nlogin me\npassword x\n", "", "me:x"},
		"value on the next line": {"machine\nh.example login\n\tme password\n x", "", "me:x"},
		"CRLF":                   {"machine h.example\r\nlogin me\r\npassword x\r\n", "", "me:x"},
		"byte order mark":        {"\ufeffmachine h.example login me password x", "", "me:x"},
		"password first":         {"machine h.example password x login me", "", "me:x"},
		"capitals":               {"MACHINE h.example Login me PASSWORD x", "", "me:x"},
		"user and passwd":        {"machine h.example user me passwd x", "", "me:x"},

		"# before a password":           {"machine h.example login me password #x", "", "me:#x"},
		"# before a password, and more": {"machine h.example login me password #x\nmachine o.example login you password y", "", "me:#x"},
		"# before a password alone":     {"machine h.example password #x\nlogin me", "", "me:#x"},
		"# before a login":              {"machine h.example login #me password x", "", "#me:x"},
		"only #":                        {"machine h.example login me password #", "", "me:#"},
		"# before an account":           {"machine h.example login me account #a password x", "", "me:x"},
		"# before a machine":            {"machine #h.example login me password x", "", ""},
		"# in a word":                   {"machine h.example login m#e password x#y", "", "m#e:x#y"},
		"# in quotes":                   {`machine h.example login me password "#x y"`, "", "me:#x y"},
		"comment between lines":         {"# one\nmachine h.example\n  # login no\n  login me\n  # password no\n  password x", "", "me:x"},
		"comment after values":          {"machine h.example # a\nlogin me # password no\npassword x # login no", "", "me:x"},
		"comment without a space":       {"#machine h.example login no password no\nmachine h.example login me password x", "", "me:x"},

		"values that are keywords":    {"machine h.example login machine password default", "", "machine:default"},
		"empty password":              {`machine h.example login me password ""`, "", "me:"},
		"escapes in quotes":           {`machine h.example login me password "a\"\\b"`, "", `me:a"\b`},
		"backslash outside of quotes": {`machine h.example login me password a\b`, "", `me:a\b`},
		"quote within a word":         {`machine h.example login me password a"b`, "", `me:a"b`},
		"account":                     {"machine h.example login me account a password x", "", "me:x"},

		"several entries":           {"machine h.example login me password x\nmachine h.example login you password y", "", "me:x"},
		"several entries, by login": {"machine h.example login me password x\nmachine h.example login you password y", "you", "you:y"},
		"several logins":            {"machine h.example login me password x login you password y", "", "me:x"},
		"several logins, by login":  {"machine h.example login me password x login you password y", "you", "you:y"},
		"several, password first":   {"machine h.example password x login me password y login you", "you", "you:y"},
		"another login":             {"machine h.example login me password x", "you", ""},
		"default":                   {"machine o.example login you password y\ndefault login me password x", "", "me:x"},
		"default comes first":       {"default login you password y\nmachine h.example login me password x", "", "me:x"},
		"default by login":          {"machine h.example login you password y\ndefault login me password x", "me", "me:x"},

		"macro":            {"machine h.example login me password x\nmacdef init\nmachine h.example\nlogin no\n\nmachine o.example login you password y", "", "me:x"},
		"macro before":     {"macdef init # machine h.example login no password no\ncd #x\n\t \nmachine h.example login me password x", "", "me:x"},
		"macro at the end": {"machine h.example login me password x macdef init\nlogin no", "", "me:x"},

		"port":              {"machine h.example login you password y\nmachine h.example:8443 login me password x", "", "me:x"},
		"another port":      {"machine h.example:443 login you password y\nmachine h.example login me password x", "", "me:x"},
		"only another port": {"machine h.example:443 login you password y", "", ""},
		"below the host":    {"machine example login you password y\nmachine a.h.example login you password y", "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, err := netrc.Parse(test.text)
			if err != nil {
				t.Fatal(err)
			}
			e, ok := file.Find("h.example", "8443", test.login)
			if got := e.Login + ":" + e.Password; ok != (test.want != "") || ok && got != test.want {
				t.Errorf("got %q, %t, want %q", got, ok, test.want)
			}
		})
	}
}
