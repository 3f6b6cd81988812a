package flags

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/cli/internal/netrc"
	"github.com/tusker-go/tusker/cli/internal/settings"
	"github.com/tusker-go/tusker/cli/internal/textfile"
	"github.com/tusker-go/tusker/transport"
)

// netrcEntries reads the netrc file of the flags, and warns if others can read it. It
// returns nil without a file.
func (c *Connection) netrcEntries(con *console.Console) (*netrc.File, error) {
	file, path, err := c.readNetrc(con.LookupEnv)
	if file != nil {
		settings.WarnOfReaders(con, "netrc file", path)
	}
	return file, err
}

// readNetrc is netrcEntries without the warning, and also returns the path. A missing file
// is an error only if the user named it.
func (c *Connection) readNetrc(lookup func(string) (string, bool)) (file *netrc.File, path string, err error) {
	path = c.netrcFile
	if path == "" {
		folder, ok := settings.Home(lookup)
		if !c.netrc || !ok {
			return nil, "", nil
		}
		path = filepath.Join(folder, ".netrc")
		if runtime.GOOS == "windows" {
			path = filepath.Join(folder, "_netrc")
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		if textfile.IsAbsent(err) && c.netrcFile == "" {
			return nil, "", nil
		}
		return nil, "", fmt.Errorf("netrc file: %w", err)
	}
	file, err = netrc.Parse(string(textfile.UTF8(text)))
	if err != nil {
		return nil, "", fmt.Errorf("netrc file %s: %w", path, err)
	}
	return file, path, nil
}

// fromNetrc authorizes each request with the entry of the file for its host and
// port, and for that login unless it is "".
func fromNetrc(file *netrc.File, login string) transport.Middleware {
	return func(next transport.Doer) transport.Doer {
		return transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
			e, ok := file.Find(req.URL.Hostname(), portOf(req.URL), login)
			if !ok || e.Login == "" && e.Password == "" {
				return next.Do(req)
			}
			return transport.BasicAuth(e.Login, e.Password)(next).Do(req)
		})
	}
}

// portOf returns the port of an http or https URL.
func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}
