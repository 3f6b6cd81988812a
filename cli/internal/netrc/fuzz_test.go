package netrc_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/netrc"
)

func FuzzParse(f *testing.F) {
	f.Add(example)
	f.Add("macdef x")
	f.Add("macdef\nx\n\nmachine a")
	f.Add("machine a password \"\\")
	f.Add("machine a login b password #c\n# d\nmachine #e password #")
	f.Add("machine a login b password c login d password e account #f\ndefault user g passwd h")
	f.Add("\ufeffMACHINE [::1]:80\r\nlogin\r\n\"\"\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := netrc.Parse(text)
		if err != nil {
			if !errors.Is(err, netrc.ErrSyntax) {
				t.Errorf("error %v, want ErrSyntax", err)
			}
			return
		}
		file.Find("tus.example", "443", "")
	})
}

// FuzzValues checks that values are read unchanged: in quotes, and also without quotes if
// they are one word.
func FuzzValues(f *testing.F) {
	f.Add("me", "s3cret")
	f.Add("#me", "#s3cret")
	f.Add("machine", "default")
	f.Add(`a"b\`, "")
	f.Fuzz(func(t *testing.T, login, password string) {
		if strings.Contains(login+password, "\n") {
			t.Skip("a value may not contain a line break")
		}
		texts := []string{"machine o.example password #\nmachine h.example login " + quote(login) + " password " + quote(password) + "# comment"}
		if isWord(login) && isWord(password) {
			texts = append(texts, "machine h.example login "+login+" password "+password+"\nmachine o.example login x password y")
		}
		for _, text := range texts {
			file, err := netrc.Parse(text)
			if err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			want := netrc.Entry{Machine: "h.example", Login: login, Password: password}
			if got, _ := file.Find("h.example", "443", ""); got != want {
				t.Errorf("%q: got %+v, want %+v", text, got, want)
			}
		}
	})
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// isWord reports whether s needs no quotes.
func isWord(s string) bool {
	return s != "" && s[0] != '"' && !strings.ContainsAny(s, " \t\v\f\r\n")
}
