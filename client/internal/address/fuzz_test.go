package address

import (
	"errors"
	"net/url"
	"testing"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/transport"
)

// A Location from a server either is refused or resolves to a URL that can be requested and
// printed. Parsing that URL again, as from a record, does not change it.
func FuzzResolveLocation(f *testing.F) {
	for _, seed := range []string{"", "/files/1", "1", "//up.example/1", "https://up.example:99/a%2Fb?sig=a%2fb+c#x", "http://tus.example/", "file:///etc/passwd", "?\u009b\xff", "http://[::1%25a]/", "/\x1b", "https://me:pw@h/", "https://tus.example:port/"} {
		f.Add(seed)
	}
	base, err := url.Parse("https://tus.example/files/?token=hidden")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, location string) {
		u, err := Resolve(base, "", location)
		if err != nil {
			if !errors.Is(err, failure.ErrInvalidLocation) && !errors.Is(err, failure.ErrInsecureLocation) {
				t.Errorf("%q: error %v, want ErrInvalidLocation or ErrInsecureLocation", location, err)
			}
			return
		}
		text := u.String()
		for _, c := range []byte(text) {
			if c < ' ' || c >= 0x7f {
				t.Fatalf("%q becomes %q", location, text)
			}
		}
		again, err := Parse(text)
		if err != nil {
			t.Fatalf("%q becomes %q: %v", location, text, err)
		}
		if again.String() != text || again.Scheme != "https" || again.Hostname() == "" || !transport.SameOrigin(u, again) {
			t.Errorf("%q becomes %q, and then %q, want the same URL of https twice", location, text, again)
		}
		if next, err := Resolve(again, "", text); err != nil || next.String() != text {
			t.Errorf("%q from %q is %v, %v, want %q and no error", text, location, next, err, text)
		}
	})
}
