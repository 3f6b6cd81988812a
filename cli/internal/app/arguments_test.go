package app

import (
	"strings"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/testserver"
)

// The URL may stand after the files, as for scp and rclone, and may have white space around
// it. A URL between files is an error, whose hint has the whole command.
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
		"the file first":             {[]string{"upload", file, url}, exit.OK, ""},
		"the files first":            {[]string{"upload", file, file, url}, exit.OK, ""},
		"the URL between files":      {[]string{"upload", "a b", url, file}, exit.Usage, order + ": tusker upload " + url + " 'a b' " + file},
		"a secret between files":     {[]string{"upload", file, url + "?sig=s3cret", file}, exit.Usage, order + "\n"},
		"a second URL":               {[]string{"concat", url, file, "http://h/?sig=s3cret"}, exit.Usage, "tusker: concat: \"http://h/\" is a URL and no FILE\nhint: a command has one ENDPOINT"},
		"a second URL between files": {[]string{"concat", file, "http://h/", file, url}, exit.Usage, "is a URL and no FILE"},
		"only S3":                    {[]string{"upload", "s3://bucket/a"}, exit.Usage, "there is no ENDPOINT"},
		"S3 and a URL between":       {[]string{"upload", "s3://bucket/a", url, file}, exit.Usage, order},
		"concat":                     {[]string{"concat", file, url}, exit.OK, ""},
		"concat, between":            {[]string{"concat", file, url, file}, exit.Usage, order},
		"resume":                     {[]string{"resume", file, url + "x"}, exit.Gone, ""},
		"a line break":               {[]string{"upload", url + "\n", file}, exit.OK, ""},
		"CR LF":                      {[]string{"upload", url + "\r\n", file}, exit.OK, ""},
		"blanks":                     {[]string{"upload", " " + url + "\t", file}, exit.OK, ""},
		"a line break in the middle": {[]string{"upload", strings.Replace(url, "files", "fi\nles", 1), file}, exit.Usage, "control character"},
		"loopback without a scheme":  {[]string{"upload", strings.TrimPrefix(url, "http://"), file}, exit.OK, ""},
		"a host without a scheme":    {[]string{"upload", file, "tus.example:80/files/"}, exit.Usage, "hint: a URL needs http:// or https://: https://tus.example:80/files/\n"},
		"no URL":                     {[]string{"upload", file, file}, exit.Usage, "tusker: upload: there is no ENDPOINT\nhint: write a URL"},
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
