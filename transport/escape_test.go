package transport_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/transport"
)

// Bytes that no URL may hold are encoded, wherever they stand behind the
// authority, and what is valid stays as it is.
func TestEscapeURL(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"": "",
		"https://h:1/a%2Fb/%e2%82%AC;v=1?x=%2f+%20&y=a/b?c#d": "https://h:1/a%2Fb/%e2%82%AC;v=1?x=%2f+%20&y=a/b?c#d",
		"/!$&'()*+,;=:@-._~[]":                                "/!$&'()*+,;=:@-._~[]",
		"/a%2Fb|c":                                            "/a%2Fb%7Cc",
		"/a%2Fb^c":                                            "/a%2Fb%5Ec",
		"/a%2Fb c":                                            "/a%2Fb%20c",
		"/a%2Fb\u00fcc":                                       "/a%2Fb%C3%BCc",
		"/a%2Fb\xfc":                                          "/a%2Fb%FC",
		"/\"<>\\`{}":                                          "/%22%3C%3E%5C%60%7B%7D",
		"/?\"<>\\`{}|^ \u00fc":                                "/?%22%3C%3E%5C%60%7B%7D%7C%5E%20%C3%BC",
		"/%zz":                                                "/%25zz",
		"/%":                                                  "/%25",
		"/%2":                                                 "/%252",
		"/100%?sig=100%":                                      "/100%25?sig=100%25",
		"/%%41":                                               "/%25%41",
		"/#100% |":                                            "/#100%25%20%7C",
		"a|b":                                                 "a%7Cb",
		"a|b://c":                                             "a%7Cb://c",
		"?a|b":                                                "?a%7Cb",
		"//h|h/a|b":                                           "//h|h/a%7Cb",
		"http://u:p|w@m\u00fc.test/\u00fc":                    "http://u:p|w@m\u00fc.test/%C3%BC",
		"http://h?a|b":                                        "http://h?a%7Cb",
		"http://h":                                            "http://h",
		"/\x00\x7f\n":                                         "/\x00\x7f\n",
	} {
		if got := transport.EscapeURL(raw); got != want {
			t.Errorf("%q becomes %q, want %q", raw, got, want)
		}
	}
}

// A URL that can be parsed after it was escaped is sent in that form, and escaping it
// a second time changes nothing.
func FuzzEscapeURL(f *testing.F) {
	for _, seed := range []string{"", "/a%2Fb|c", "http://h/%zz?%#%", "//h|h/ü", "a:b|c", "?{}", "http://[::1%25a]/ ", "/\x7f", "//[", "http:///|"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		escaped := transport.EscapeURL(raw)
		if again := transport.EscapeURL(escaped); again != escaped {
			t.Fatalf("%q becomes %q, and then %q", raw, escaped, again)
		}
		u, err := url.Parse(escaped)
		if err != nil || u.Opaque != "" || u.Path == "*" {
			return // package url has a form of its own for them
		}
		path, _, _ := strings.Cut(escaped, "#")
		path, query, _ := strings.Cut(path, "?")
		if u.RawQuery != query || !strings.HasSuffix(path, u.EscapedPath()) {
			t.Errorf("%q is sent as %q, want RawQuery %q and the suffix %q", escaped, u.RequestURI(), query, u.EscapedPath())
		}
	})
}
