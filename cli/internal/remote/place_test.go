package remote_test

import (
	"strings"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/remote"
)

// The name of a remote file is split into its store and its place there. A URL that may have a
// secret is refused.
func TestPlace(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]struct {
		store, below, path string
		secret, fails      bool
	}{
		"s3://media/2024/a.mov":     {store: "s3://media", below: "2024/a.mov", path: "2024/a.mov"},
		"S3://media":                {store: "s3://media"},
		"s3://media//a":             {store: "s3://media", below: "/a", path: "/a"},
		"s3://media/a?versionId=v1": {store: "s3://media", below: "a?versionId=v1", path: "a"},
		"s3://x/a":                  {fails: true},
		"HTTPS://Host.example:443/a%20b.mov#part": {store: "https://host.example", below: "a%20b.mov", path: "a b.mov"},
		"http://127.0.0.1:8080/a?generation=5":    {store: "http://127.0.0.1:8080", below: "a?generation=5", path: "a"},
		"https://host/a?versionid=1&snapshot=2":   {store: "https://host", below: "a?versionid=1&snapshot=2", path: "a"},
		"https://host/a?X-Amz-Signature=1":        {secret: true},
		"https://host/a?versionId=1&sig=2":        {secret: true},
		"https://host/a?id=1":                     {secret: true},
		"https://host/a?versionId=1&%73ig=2":      {secret: true},
		"https://me@host/a":                       {secret: true},
		"https://me:password@host/a?versionId=1":  {secret: true},
		"https://host/":                           {fails: true},
		"https://host":                            {fails: true},
		"https:///a":                              {fails: true},
		"https://host/%zz":                        {store: "https://host", below: "%25zz", path: "%zz"},
		"https://host:99999/a":                    {fails: true},
	} {
		store, below, err := remote.Place(file)
		if (err != nil) != (want.fails || want.secret) || strings.Contains(remote.Hint(err), "without user and query") != want.secret {
			t.Errorf("%s: error %v, want an error: %t and %t", file, err, want.fails || want.secret, want.secret)
		}
		if store != want.store || below != want.below {
			t.Errorf("%s: %q and %q, want %q and %q", file, store, below, want.store, want.below)
		}
		if err == nil && below != "" && remote.PathBelow(store, below) != want.path {
			t.Errorf("%s: path %q, want %q", file, remote.PathBelow(store, below), want.path)
		}
	}
}

// A store is a bucket or the origin of a URL, and nothing below it.
func TestParseStore(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"s3://media": "s3://media", "s3://media/": "s3://media", "https://host:443/": "https://host",
		"s3://media/2024": "", "https://host/a": "", "https://me@host": "", "https://host?a": "", "s3://": "",
	} {
		store, err := remote.ParseStore(name)
		if (err == nil) != (want != "") || err == nil && store != want {
			t.Errorf("%s: %q, error %v, want %q", name, store, err, want)
		}
	}
}
