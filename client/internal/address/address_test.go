package address

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/client/failure"
)

func TestResolveLocation(t *testing.T) {
	const base = "https://tus.example:8443/api/files/?token=t0p"
	tests := map[string]struct{ base, location, want string }{
		"absolute":                            {base, "https://up.example/files/1", "https://up.example/files/1"},
		"absolute path":                       {base, "/files/1", "https://tus.example:8443/files/1"},
		"relative path":                       {base, "1", "https://tus.example:8443/api/files/1"},
		"relative, endpoint a file":           {"https://tus.example/api/files", "1", "https://tus.example/api/1"},
		"dots":                                {base, "../up/./1", "https://tus.example:8443/api/up/1"},
		"query only":                          {base, "?id=1", "https://tus.example:8443/api/files/?id=1"},
		"host":                                {base, "//up.example/1", "https://up.example/1"},
		"host and port":                       {base, "//up.example:99/1", "https://up.example:99/1"},
		"spaces around":                       {base, " /files/1\t", "https://tus.example:8443/files/1"},
		"plus in the path":                    {base, "/files/a+b", "https://tus.example:8443/files/a+b"},
		"plus in the query":                   {base, "/files/?id=a+b", "https://tus.example:8443/files/?id=a+b"},
		"escaped slash":                       {base, "/files/a%2Fb", "https://tus.example:8443/files/a%2Fb"},
		"escaped slash, relative":             {base, "a%2Fb", "https://tus.example:8443/api/files/a%2Fb"},
		"escaped plus":                        {base, "/files/a%2Bb", "https://tus.example:8443/files/a%2Bb"},
		"lower case escapes":                  {base, "/files/%e2%82%ac", "https://tus.example:8443/files/%e2%82%ac"},
		"query to the letter":                 {base, "/f?sig=a%2fb+c=&x=%7E~;y", "https://tus.example:8443/f?sig=a%2fb+c=&x=%7E~;y"},
		"bad escape in the query":             {base, "/f?sig=100%&x=%zz", "https://tus.example:8443/f?sig=100%25&x=%25zz"},
		"bad escape in the path":              {base, "/a%2Fb%zz/100%", "https://tus.example:8443/a%2Fb%25zz/100%25"},
		"escaped slash and a bar":             {base, "/a%2Fb|c", "https://tus.example:8443/a%2Fb%7Cc"},
		"escaped slash, relative, and others": {base, "a%2Fb\"<>\\^`{}c d", "https://tus.example:8443/api/files/a%2Fb%22%3C%3E%5C%5E%60%7B%7Dc%20d"},
		"escaped slash and a letter":          {base, "/a%2Fb\u00fc?c=\u00fc", "https://tus.example:8443/a%2Fb%C3%BC?c=%C3%BC"},
		"space in the query":                  {base, "/f?a=b c|d", "https://tus.example:8443/f?a=b%20c%7Cd"},
		"colon in the id":                     {base, "/files/a:b", "https://tus.example:8443/files/a:b"},
		"query only, to the letter":           {base, "?a=%2B+%7a&b", "https://tus.example:8443/api/files/?a=%2B+%7a&b"},
		"query of slashes":                    {base, "/f?a=/../b//c", "https://tus.example:8443/f?a=/../b//c"},
		"empty query":                         {base, "/files/1?", "https://tus.example:8443/files/1?"},
		"another port":                        {base, "https://tus.example:9443/files/1", "https://tus.example:9443/files/1"},
		"default port":                        {base, "https://tus.example/files/1", "https://tus.example/files/1"},
		"IPv6":                                {base, "https://[2001:db8::1]/files/1", "https://[2001:db8::1]/files/1"},
		"IPv6 and port":                       {base, "//[::1]:1080/1", "https://[::1]:1080/1"},
		"IPv6, relative":                      {"http://[::1]:1080/files/", "1?a", "http://[::1]:1080/files/1?a"},
		"user information":                    {base, "https://me:pw@tus.example/1", "https://me:pw@tus.example/1"},
		"spaces around a query":               {base, "\t ?id=1 ", "https://tus.example:8443/api/files/?id=1"},
		"space in the path":                   {base, "/files/a b", "https://tus.example:8443/files/a%20b"},
		"double slash in the path":            {base, "/files//1", "https://tus.example:8443/files//1"},
		"a fragment is dropped":               {base, "/files/1#top", "https://tus.example:8443/files/1"},
		"http stays http":                     {"http://tus.example/files/", "/1", "http://tus.example/1"},
		"http to https":                       {"http://tus.example/files/", "https://tus.example/1", "https://tus.example/1"},
		"scheme in capitals":                  {base, "HTTPS://up.example/1", "https://up.example/1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			base, err := url.Parse(test.base)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Resolve(base, "", test.location)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			// The request has the same bytes.
			again, err := Parse(got.String())
			if err != nil || again.RequestURI() != got.RequestURI() {
				t.Errorf("the URL is sent as %v, %v, want RequestURI %q and no error", again, err, got.RequestURI())
			}
		})
	}
}

func TestResolveBadLocation(t *testing.T) {
	const base = "https://tus.example/files/"
	tests := map[string]struct {
		base, location string
		want           error
	}{
		"https to http":          {base, "http://tus.example/1", failure.ErrInsecureLocation},
		"https to http of other": {base, "http://up.example/1?token=hidden", failure.ErrInsecureLocation},
		"another scheme":         {base, "ftp://tus.example/1?token=hidden", failure.ErrInvalidLocation},
		"mail":                   {base, "mailto:a@tus.example", failure.ErrInvalidLocation},
		"opaque":                 {base, "https:1", failure.ErrInvalidLocation},
		"no host":                {base, "https:///1", failure.ErrInvalidLocation},
		"only a port":            {base, "//:80/1", failure.ErrInvalidLocation},
		"bad host":               {base, "https://[::1/1", failure.ErrInvalidLocation},
		"bad port":               {base, "https://tus.example:port/1?token=hidden", failure.ErrInvalidLocation},
		"port too large":         {base, "https://tus.example:65536/1?token=hidden", failure.ErrInvalidLocation},
		"bad escape in the host": {base, "//%zz/?token=hidden", failure.ErrInvalidLocation},
		"control character":      {base, "/a\x7f?token=hidden", failure.ErrInvalidLocation},
		"colon first":            {base, ":1", failure.ErrInvalidLocation},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			base, err := url.Parse(test.base)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Resolve(base, "", test.location)
			if !errors.Is(err, test.want) {
				t.Fatalf("%v, error %v, want %v", got, err, test.want)
			}
			if strings.Contains(err.Error(), "hidden") {
				t.Errorf("error %q contains a secret", err)
			}
		})
	}
}

func TestParseURLHidesSecrets(t *testing.T) {
	for _, raw := range []string{
		"http://user:hidden@h:port/", "http://user:hidden%zz@h/", "http://h/?token=hidden\n",
		"//user:hidden@h/?token=hidden", "ftp://user:hidden@h/?token=hidden", "http://user:hidden@/",
		"http://user:hidden/x@h/", "user:hidden@h/",
	} {
		_, err := Parse(raw)
		if !errors.Is(err, failure.ErrInvalidURL) {
			t.Errorf("%q: error %v, want ErrInvalidURL", raw, err)
			continue
		}
		if strings.Contains(err.Error(), "hidden") {
			t.Errorf("%q: error %q contains a secret", raw, err)
		}
	}
}
