package client_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/transport"
)

// A transport can let the system send the body of every source that is a file, also after a
// redirect. Other sources are read.
func TestFilesCanBeSentByTheSystem(t *testing.T) {
	content := strings.Repeat("0123456789", 300<<10)
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	open, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = open.Close() }()
	made := func(src client.Source, err error) client.Source {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return src
	}
	for what, test := range map[string]struct {
		source   client.Source
		config   client.Config
		parallel int
		read     bool
	}{
		"Path":          {source: made(client.Path(name))},
		"File":          {source: made(client.File(open))},
		"FS":            {source: made(client.FS(os.DirFS(filepath.Dir(name)), "file"))},
		"parts of Path": {source: made(client.Path(name)), parallel: 3},
		"in chunks":     {source: made(client.Path(name)), config: client.Config{ChunkSize: 1 << 20}},
		"held to a rate": {
			source: made(client.Path(name)), config: client.Config{RateLimit: 1 << 30}, read: true,
		},
		"in memory": {source: made(client.ReaderAt(strings.NewReader(content), int64(len(content)))), read: true},
		"a stream":  {source: client.Stream(strings.NewReader(content), nil), read: true},
	} {
		t.Run(what, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			var mu sync.Mutex
			bodies := 0
			seen := func(body any) {
				mu.Lock()
				defer mu.Unlock()
				bodies++
				if _, ok := body.(transport.FileSender); ok == test.read {
					t.Errorf("a body is a %T, want a transport.FileSender: %t", body, !test.read)
				}
			}
			test.config.Doer = transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
				if req.Method == http.MethodPatch && req.ContentLength > 0 {
					again, err := req.GetBody()
					if err != nil {
						t.Error(err)
					}
					seen(req.Body)
					seen(again)
					req.Body = again // the first body cannot be read once the second exists
				}
				return s.Doer().Do(req)
			})
			c := clienttest.NewClient(t, s, test.config)
			res, err := c.Upload(t.Context(), test.source, &client.UploadOptions{Parallel: test.parallel})
			if err != nil {
				t.Fatal(err)
			}
			clienttest.WantStored(t, s, res.URL, content)
			if bodies == 0 {
				t.Error("there was no body")
			}
		})
	}
}
