package engine

import (
	"errors"
	"strconv"
	"testing"

	"github.com/tusker-go/tusker/client/failure"
)

// The number of URLs that a Client remembers has a bound. The latest ones are known.
func TestRememberedURLs(t *testing.T) {
	var urls URLs
	const n = 2*rememberedURLs + 10
	for i := range n {
		c := urls.Claim(strconv.Itoa(i))
		if err := c.Take(strconv.Itoa(i), 0); err != nil {
			t.Fatal(err)
		}
		c.Release(true)
	}
	if got := len(urls.finished); got != rememberedURLs || len(urls.held) != 0 {
		t.Errorf("%d URLs of finished uploads and %d of others, want %d and 0", got, len(urls.held), rememberedURLs)
	}
	for i, known := range map[int]bool{0: false, n - rememberedURLs - 1: false, n - rememberedURLs: true, n - 1: true} {
		if err := urls.Claim("another").Take(strconv.Itoa(i), 0); errors.Is(err, failure.ErrInvalidLocation) != known {
			t.Errorf("URL %d: %v, want it to be known: %v", i, err, known)
		}
	}
}

// A URL belongs to one part of one call until the call ends.
func TestClaim(t *testing.T) {
	var urls URLs
	whole, other := urls.Claim("a"), urls.Claim("a")
	whole.adopt("1", 0)
	for name, test := range map[string]struct {
		claim *Claim
		url   string
		part  int
		ok    bool
	}{
		"the same upload, created again": {whole, "1", 0, true},
		"another part":                   {whole, "1", 1, false},
		"another call":                   {other, "1", 0, false},
		"no claim":                       {nil, "1", 0, true},
	} {
		if err := test.claim.Take(test.url, test.part); (err == nil) != test.ok {
			t.Errorf("%s: %v, want success: %v", name, err, test.ok)
		}
	}
	other.adopt("1", 0)
	other.Release(true)
	whole.Release(false)
	if err := other.Take("1", 0); err != nil {
		t.Errorf("after the end of the first call: %v", err)
	}
}
