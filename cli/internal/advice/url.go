package advice

import (
	"net"
	"net/netip"
	"strings"

	"github.com/tusker-go/tusker/cli/internal/output"
)

// URL says how to write the URL that target is meant to be.
func URL(target string) string {
	const form = "a URL is written like https://tus.example/files/"
	host, _, _ := strings.Cut(target, "/")
	switch {
	case strings.Contains(target, "://"), host == "", strings.HasPrefix(host, "."), strings.Contains(target, "@"):
		return form
	case !strings.Contains(host, ".") && !IsLoopback(host) && !hasPort(host):
		return form
	case IsLoopback(host):
		return "a URL needs http:// or https://: http://" + redacted(target)
	}
	return "a URL needs http:// or https://: https://" + redacted(target)
}

// redacted returns target up to a query, which may be a secret.
func redacted(target string) string {
	path, _, _ := strings.Cut(target, "?")
	return output.OneLine(path)
}

func hasPort(host string) bool {
	_, port, err := net.SplitHostPort(host)
	return err == nil && port != ""
}

// IsLoopback reports whether a host, which may have a port, is this machine.
func IsLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}
