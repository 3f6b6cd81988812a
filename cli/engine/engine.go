// Package engine serves the engine of jobs inside the program. It is apart from the packages
// that use the engine, and the main package imports it first, so that a build compiles the
// engine beside everything else.
package engine

import (
	"net"
	"net/url"

	"github.com/tusker-go/tusker/cli/internal/localengine"
	"github.com/tusker-go/tusker/client/fleet/embedded"
)

// Start starts an engine. It is a localengine.Start.
func Start(cfg localengine.Config) (localengine.Server, error) {
	s, err := embedded.Start(embedded.Config{
		Dir: cfg.Dir, Listen: cfg.Listen, Token: cfg.Token, TLS: cfg.TLS,
		Log: func(level, text string) { cfg.Log.Debug(text, "engine", level) },
	})
	if err != nil {
		return nil, err
	}
	return server{s}, nil
}

type server struct{ *embedded.Server }

// Addr implements localengine.Server.
func (s server) Addr() string {
	u, err := url.Parse(s.URL())
	if err != nil {
		return ""
	}
	host := u.Hostname()
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, u.Port())
}
