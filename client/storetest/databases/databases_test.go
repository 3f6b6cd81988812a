package databases_test

import (
	"net"
	"net/url"
	"testing"

	"go.uber.org/goleak"

	"github.com/tusker-go/tusker/client/storetest/databases"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A server answers under its URL, is gone after Kill, and has the same address after Restart.
func TestServers(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T) *databases.Server{
		"redis":    databases.Redis,
		"postgres": databases.Postgres,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			before := s.URL()
			u, err := url.Parse(before)
			if err != nil {
				t.Fatal(err)
			}
			if _, has := u.User.Password(); !has {
				t.Error("the URL has no password")
			}
			answers := func() bool {
				c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", u.Host)
				if err != nil {
					return false
				}
				return c.Close() == nil
			}
			if !answers() {
				t.Error("the server does not answer")
			}
			s.Kill()
			s.Kill()
			if answers() {
				t.Error("the server answers after it was killed")
			}
			s.Restart()
			if !answers() || s.URL() != before {
				t.Errorf("after the restart, the server does not answer at %s", before)
			}
		})
	}
}
