package transport_test

import (
	"net/url"
	"testing"

	"github.com/tusker-go/tusker/transport"
)

func mustParse(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// The origin of a URL has one form, however the URL is written.
func TestOrigin(t *testing.T) {
	tests := map[string]struct{ url, want string }{
		"plain":                    {"https://tus.example/files/?a#b", "https://tus.example"},
		"capitals":                 {"HTTPS://Tus.Example/", "https://tus.example"},
		"user information":         {"https://me:pw@tus.example/", "https://tus.example"},
		"default port of https":    {"https://tus.example:443/", "https://tus.example"},
		"default port of http":     {"http://tus.example:80/", "http://tus.example"},
		"port of the other scheme": {"http://tus.example:443/", "http://tus.example:443"},
		"empty port":               {"http://tus.example:/", "http://tus.example"},
		"another port":             {"https://tus.example:8443/", "https://tus.example:8443"},
		"IPv6":                     {"http://[2001:DB8::1]/", "http://[2001:db8::1]"},
		"IPv6 and port":            {"http://[::1]:1080/", "http://[::1]:1080"},
		"IPv6 with a zone":         {"http://[fe80::1%25eth0]:1080/", "http://[fe80::1%eth0]:1080"},
		"internationalized name":   {"https://bücher.example:8443/", "https://xn--bcher-kva.example:8443"},
		"capital outside ASCII":    {"https://BÜCHER.example/", "https://xn--bcher-kva.example"},
		"percent-encoded letter":   {"https://b%C3%BCcher.example/", "https://xn--bcher-kva.example"},
		"punycode":                 {"https://XN--BCHER-KVA.example/", "https://xn--bcher-kva.example"},
		"another script":           {"https://例え.テスト/", "https://xn--r8jz45g.xn--zckzah"},
		"no host":                  {"/files/", ""},
		"a port alone":             {"http://:80/", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := transport.Origin(mustParse(t, test.url)); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

// A URL that names the server as the request did is reached at the address of the request.
func TestReaddress(t *testing.T) {
	tests := map[string]struct{ base, host, target, want string }{
		"same":                          {"http://h/files/", "", "http://h/files/1", "http://h/files/1"},
		"another server":                {"http://h/files/", "", "http://g/files/1", "http://g/files/1"},
		"Host":                          {"http://127.0.0.1:1080/", "tus.example", "http://tus.example/files/1?a=%2f", "http://127.0.0.1:1080/files/1?a=%2f"},
		"Host in capitals":              {"http://127.0.0.1:1080/", "TUS.example", "http://tus.Example/1", "http://127.0.0.1:1080/1"},
		"Host with the default port":    {"http://127.0.0.1:1080/", "tus.example:80", "http://tus.example/1", "http://127.0.0.1:1080/1"},
		"Host and port":                 {"https://10.0.0.1/", "tus.example:8443", "https://tus.example:8443/1", "https://10.0.0.1/1"},
		"another port":                  {"http://127.0.0.1:1080/", "tus.example", "http://tus.example:1080/1", "http://tus.example:1080/1"},
		"another name":                  {"http://127.0.0.1:1080/", "tus.example", "http://evil.example/1", "http://evil.example/1"},
		"a name below":                  {"http://127.0.0.1:1080/", "tus.example", "http://a.tus.example/1", "http://a.tus.example/1"},
		"another scheme":                {"http://127.0.0.1:1080/", "tus.example", "https://tus.example/1", "https://tus.example/1"},
		"a lower scheme":                {"https://127.0.0.1:1080/", "tus.example", "http://tus.example/1", "http://tus.example/1"},
		"the address itself":            {"http://127.0.0.1:1080/", "tus.example", "http://127.0.0.1:1080/1", "http://127.0.0.1:1080/1"},
		"internationalized Host":        {"http://127.0.0.1:1080/", "bücher.example", "http://xn--bcher-kva.example/1", "http://127.0.0.1:1080/1"},
		"Host in punycode":              {"http://127.0.0.1:1080/", "xn--bcher-kva.example", "http://bücher.example/1", "http://127.0.0.1:1080/1"},
		"zone":                          {"http://[fe80::1%25eth0]:1080/", "", "http://[fe80::1]:1080/1", "http://[fe80::1%25eth0]:1080/1"},
		"zone and default port":         {"http://[fe80::1%25eth0]/", "", "http://[FE80::1]:80/1", "http://[fe80::1%25eth0]/1"},
		"the same zone":                 {"http://[fe80::1%25eth0]/", "", "http://[fe80::1%25eth0]/1", "http://[fe80::1%25eth0]/1"},
		"another zone":                  {"http://[fe80::1%25eth0]/", "", "http://[fe80::1%25eth1]/1", "http://[fe80::1%25eth1]/1"},
		"another address":               {"http://[fe80::1%25eth0]/", "", "http://[fe80::2]/1", "http://[fe80::2]/1"},
		"zone and another port":         {"http://[fe80::1%25eth0]:1080/", "", "http://[fe80::1]/1", "http://[fe80::1]/1"},
		"zone behind a Host":            {"http://[fe80::1%25eth0]:1080/", "tus.example", "http://tus.example/1", "http://[fe80::1%25eth0]:1080/1"},
		"zone, target with no zone set": {"http://[fe80::1]/", "", "http://[fe80::1%25eth0]/1", "http://[fe80::1%25eth0]/1"},
		"internationalized name":        {"http://bücher.example/", "", "http://xn--bcher-kva.example/1", "http://xn--bcher-kva.example/1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := transport.Readdress(mustParse(t, test.target), mustParse(t, test.base), test.host)
			if want := mustParse(t, test.want); got.String() != want.String() {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
}

func TestSameOrigin(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"https://tus.example/a", "https://tus.example/b?c", true},
		{"https://tus.example/a", "HTTPS://Tus.example:443/b", true},
		{"http://tus.example:80/", "http://tus.example/", true},
		{"https://tus.example/a", "http://tus.example/a", false},
		{"https://tus.example/", "http://tus.example:443/", false},
		{"https://tus.example/a", "https://tus.example:444/a", false},
		{"https://tus.example/", "https://other.example/", false},
		{"https://tus.example/", "https://tus.example.evil.example/", false},
		{"https://[::1]/", "https://[::1]:443/", true},
		{"https://bücher.example/", "https://xn--bcher-kva.example/", true},
		{"https://bücher.example/", "https://bucher.example/", false},
		{"http://[fe80::1%25eth0]/", "http://[fe80::1%25eth1]/", false},
	} {
		a, b := mustParse(t, test.a), mustParse(t, test.b)
		if transport.SameOrigin(a, b) != test.want || transport.SameOrigin(b, a) != test.want {
			t.Errorf("%s and %s: want %t", test.a, test.b, test.want)
		}
	}
}
