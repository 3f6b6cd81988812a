package advice

import (
	"net"
	"runtime"
	"strings"

	"github.com/tusker-go/tusker/cli/internal/shell"
)

// URL says how to write the URL that target is meant to be.
func URL(target string) string {
	const form = "a URL is written like https://tus.example/files/"
	host, _, _ := strings.Cut(target, "/")
	switch {
	case strings.Contains(target, "://"), host == "", strings.HasPrefix(host, "."), strings.Contains(target, "@"):
		return form
	case strings.Contains(host, "."), host == "localhost", hasPort(host):
		return form + ": put http:// or https:// before " + shell.QuoteIfNeeded(host, runtime.GOOS)
	}
	return form
}

func hasPort(host string) bool {
	_, port, err := net.SplitHostPort(host)
	return err == nil && port != ""
}
