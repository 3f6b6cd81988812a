package flags

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"

	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/cli/internal/settings"
	"github.com/tusker-go/tusker/client"
)

// AccountName returns the account for which uploads to target are sent: the value of
// --account, or else the login, or else the name of the endpoint. It is "" if none
// of them is known, as with a token: a token changes when it is renewed, so it
// identifies no account.
func (c *Connection) AccountName(con *console.Console, s *settings.Settings, given, target string) (string, error) {
	if given != "" {
		return given, nil
	}
	name, known, err := c.login(con.LookupEnv, target)
	if err != nil {
		return "", err
	}
	if !known && !s.HasCredentials() {
		name = s.Invocation.Endpoint
	}
	if client.CheckAccount(name) != nil {
		// A login may be longer than an account name, and may have any characters.
		sum := sha256.Sum256([]byte(name))
		name = "sha256-" + hex.EncodeToString(sum[:16])
	}
	return name, nil
}

// login returns the user name that is sent to target with a password, and whether
// there is one. The order is the precedence of the credentials.
func (c *Connection) login(lookup func(string) (string, bool), target string) (string, bool, error) {
	header, err := parseHeaders(c.headers)
	if err != nil {
		return "", false, err
	}
	if header.Get("Authorization") != "" {
		name, _, ok := (&http.Request{Header: header}).BasicAuth()
		return name, ok && name != "", nil
	}
	u, err := url.Parse(target)
	if err != nil {
		u = &url.URL{} // client.New returns the error
	}
	if name := u.User.Username(); name != "" {
		return name, true, nil
	}
	if c.user != "" {
		name, _, _ := strings.Cut(c.user, ":")
		return name, name != "", nil
	}
	if c.tokenFile != "" || c.tokenCommand != "" {
		return "", false, nil
	}
	file, _, err := c.readNetrc(lookup)
	if err != nil {
		return "", false, err
	}
	e, ok := file.Find(u.Hostname(), portOf(u), "")
	return e.Login, ok && e.Login != "", nil
}
