package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/tusker-go/tusker/transport"
)

var (
	errCredentials = errors.New("--token-file, --token-command and --user exclude each other")
	errUser        = errors.New("--user is not of the form name:password")
	errToken       = errors.New("want one token and nothing else")
)

// authorize gives the middleware for the credentials in the flags; nil for none.
func (a *app) authorize(ctx context.Context, c *connection) (transport.Middleware, error) {
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
		name, password, ok := strings.Cut(c.user, ":")
		if !ok {
			return nil, errUser
		}
		return transport.BasicAuth(name, password), nil
	case c.tokenFile != "":
		read := func(context.Context) (string, error) { return readToken(c.tokenFile) }
		if _, err := read(ctx); err != nil {
			return nil, err
		}
		return transport.Bearer(transport.TokenFunc(read)), nil
	case c.tokenCommand != "":
		return transport.Bearer(newTokenCommand(ctx, c.tokenCommand, a.err)), nil
	}
	return nil, nil
}

// readToken reads the file each time: tokens expire and are written anew.
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

// oneToken does not repeat the text in its error.
func oneToken(text []byte) (string, error) {
	token := strings.TrimSpace(string(text))
	if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return "", errToken
	}
	return token, nil
}
