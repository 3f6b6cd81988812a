package flags

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/cli/internal/settings"
	"github.com/tusker-go/tusker/cli/internal/textfile"
	"github.com/tusker-go/tusker/transport"
)

var (
	errCredentials = errors.New("--token-file, --token-command and --user exclude each other")
	errUser        = errors.New("--user is not of the form name:password, and there is no --netrc")
	errToken       = errors.New("want one token and nothing else")
)

// authorize returns the middleware for the credentials in the flags, or nil without
// credentials.
func (c *Connection) authorize(ctx context.Context, con *console.Console) (transport.Middleware, error) {
	given := 0
	for _, value := range []string{c.tokenFile, c.tokenCommand, c.user} {
		if value != "" {
			given++
		}
	}
	switch {
	case given > 1:
		return nil, errCredentials
	case c.user != "":
		return c.basic(con)
	case c.tokenFile != "":
		read := func(context.Context) (string, error) { return readToken(c.tokenFile) }
		if _, err := read(ctx); err != nil {
			return nil, err
		}
		settings.WarnOfReaders(con, "token file", c.tokenFile)
		return transport.Bearer(transport.TokenFunc(read)), nil
	case c.tokenCommand != "":
		return transport.Bearer(newTokenCommand(ctx, c.tokenCommand, con.Err)), nil
	}
	file, err := c.netrcEntries(con)
	if err != nil || file == nil {
		return nil, err
	}
	return fromNetrc(file, ""), nil
}

// basic authorizes with a name and a password, or with the entry of that name in
// the netrc file.
func (c *Connection) basic(con *console.Console) (transport.Middleware, error) {
	name, password, ok := strings.Cut(c.user, ":")
	if ok {
		return transport.BasicAuth(name, password), nil
	}
	file, err := c.netrcEntries(con)
	if err == nil && file == nil {
		err = errUser
	}
	if err != nil {
		return nil, err
	}
	return fromNetrc(file, name), nil
}

// authorizes reports whether requests to target may carry Authorization.
func (c *Connection) authorizes(target string) bool {
	if c.tokenFile != "" || c.tokenCommand != "" || c.user != "" || c.netrc || c.netrcFile != "" {
		return true
	}
	u, err := url.Parse(transport.EscapeURL(target))
	return err == nil && u.User != nil
}

// readToken reads the file for each request, because tokens expire and are replaced.
func readToken(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("token file: %w", err)
	}
	token, err := oneToken(text)
	if err != nil {
		return "", fmt.Errorf("token file %s: %w", file, err)
	}
	return token, nil
}

// oneToken returns the token in text. The error does not repeat the text.
func oneToken(text []byte) (string, error) {
	token, ok := textfile.Token(text)
	if !ok {
		return "", errToken
	}
	return token, nil
}
