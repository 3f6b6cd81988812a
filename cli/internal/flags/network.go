package flags

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/tusker-go/tusker/transport/nethttp"
)

// longestSocket returns the most bytes that the path of a unix socket may have. The system
// ends it with a zero byte.
func longestSocket(goos string) int {
	switch goos {
	case "linux", "windows":
		return 107
	}
	return 103 // BSD and macOS
}

// privateKey is the file with the key of the client certificate, "" for none.
func (c *Connection) privateKey() string {
	if c.keyFile != "" {
		return c.keyFile
	}
	return c.certFile
}

func (c *Connection) network() (nethttp.Config, error) {
	config := nethttp.Config{
		InsecureSkipVerify: c.insecure, HTTP1Only: c.http1, NoSendfile: c.noSendfile, UnixSocket: c.unixSocket,
	}
	var err error
	if c.caFile != "" {
		if config.RootCAs, err = nethttp.LoadCertPool(c.caFile); err != nil {
			return config, fmt.Errorf("--cacert: %w", err)
		}
	}
	if c.certFile != "" {
		certificate, err := nethttp.LoadCertificate(c.certFile, c.privateKey())
		if err != nil {
			return config, fmt.Errorf("--cert: %w", err)
		}
		config.Certificates = append(config.Certificates, certificate)
	}
	if c.proxy != "" {
		if config.Proxy, err = parseProxy(c.proxy); err != nil {
			return config, err
		}
	} else if c.unixSocket == "" {
		return config, checkProxyEnvironment(os.LookupEnv)
	}
	return config, nil
}

// checkProxyEnvironment returns an error if a variable for a proxy has a value that net/http cannot
// read. net/http ignores such a value, so the requests would go around the proxy. The error does
// not repeat the value, which may hold a password.
func checkProxyEnvironment(lookup func(string) (string, bool)) error {
	for _, names := range [][]string{{"HTTP_PROXY", "http_proxy"}, {"HTTPS_PROXY", "https_proxy"}} {
		for _, name := range names {
			value, _ := lookup(name)
			if value == "" {
				continue
			}
			if !strings.Contains(value, "://") {
				value = "http://" + value
			}
			if _, err := parseProxy(value); err != nil {
				return fmt.Errorf("the variable %s, or ALL_PROXY, is not a URL such as http://proxy.example:3128", name)
			}
			break // net/http reads the first variable that is set
		}
	}
	return nil
}

var errProxy = errors.New("--proxy is not a URL such as http://proxy.example:3128")

// parseProxy does not repeat the URL in its error: it may hold a password.
func parseProxy(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" {
		return nil, errProxy
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
		return u, nil
	}
	return nil, errProxy
}
