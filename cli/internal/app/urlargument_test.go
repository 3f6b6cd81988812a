package app

import (
	"strings"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/testserver"
)

// The command explains a URL behind the files, and accepts white space around a
// URL, because other programs allow both.
func TestURLArgument(t *testing.T) {
	t.Parallel()
	server := testserver.New(t, testserver.Config{})
	file := tempFile(t, "hello")
	url := server.URL()
	const order = "hint: ENDPOINT comes first, and FILE after it"
	tests := map[string]struct {
		args []string
		code int
		says string
	}{
		"the file first":             {[]string{"upload", file, url}, exit.Usage, order + ": tusker upload " + url + " " + file},
		"the files first":            {[]string{"upload", "a b", file, url}, exit.Usage, order + ": tusker upload " + url + " 'a b' " + file},
		"a secret last":              {[]string{"upload", file, url + "?sig=s3cret"}, exit.Usage, order + "\n"},
		"concat":                     {[]string{"concat", file, url}, exit.Usage, order},
		"resume":                     {[]string{"resume", file, url + "x"}, exit.Usage, "hint: LOCATION comes first"},
		"a line break":               {[]string{"upload", url + "\n", file}, exit.OK, ""},
		"CR LF":                      {[]string{"upload", url + "\r\n", file}, exit.OK, ""},
		"blanks":                     {[]string{"upload", " " + url + "\t", file}, exit.OK, ""},
		"a line break in the middle": {[]string{"upload", strings.Replace(url, "files", "fi\nles", 1), file}, exit.Usage, "control character"},
		"no scheme":                  {[]string{"upload", strings.TrimPrefix(url, "http://"), file}, exit.Usage, "put http:// or https:// before"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			std, _, stderr := streamsFor(t)
			if got := Run(t.Context(), test.args, std); got != test.code {
				t.Errorf("code %d, want %d", got, test.code)
			}
			if !strings.Contains(stderr.String(), test.says) || strings.Contains(stderr.String(), "s3cret") {
				t.Errorf("says %q, want %q", stderr, test.says)
			}
		})
	}
}
