package advice

import "testing"

func TestOriginOf(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		url, want string
		origin    bool
	}{
		"origin":        {"https://cdn.example", "https://cdn.example", true},
		"default port":  {"HTTPS://CDN.example:443/", "https://cdn.example", true},
		"http":          {"http://cdn.example:80", "http://cdn.example", true},
		"another port":  {"http://cdn.example:443", "http://cdn.example:443", true},
		"IPv6":          {"http://[::1]:80", "http://[::1]", true},
		"IPv6 and port": {"http://[::1]:8080", "http://[::1]:8080", true},
		"path":          {"https://cdn.example/files/1", "https://cdn.example", false},
		"query":         {"https://cdn.example?a", "https://cdn.example", false},
		"user":          {"https://me@cdn.example", "https://cdn.example", false},
		"other scheme":  {"ftp://cdn.example", "ftp://cdn.example", false},
		"no scheme":     {"cdn.example", "", false},
		"a name":        {"work:", "", false},
		"nothing":       {"", "", false},
		"no URL":        {"http://%zz", "", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := OriginOf(test.url); got != test.want {
				t.Errorf("OriginOf(%q) = %q, want %q", test.url, got, test.want)
			}
			if got := IsOrigin(test.url); got != test.origin {
				t.Errorf("IsOrigin(%q) = %t, want %t", test.url, got, test.origin)
			}
		})
	}
}
