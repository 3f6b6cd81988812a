package clienttest

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// NewChecksumServer returns a server with the checksum extension and these algorithms.
func NewChecksumServer(t *testing.T, algorithms ...string) *fake.Server {
	t.Helper()
	return fake.New(t, fake.Config{
		Extensions: []protocol.Extension{
			protocol.ExtensionCreation, protocol.ExtensionCreationDeferLength,
			protocol.ExtensionConcatenation, protocol.ExtensionChecksum,
		},
		Checksum: algorithms,
	})
}

// inlineExtensions are those of [NewInlineServer].
var inlineExtensions = []protocol.Extension{
	protocol.ExtensionCreation, protocol.ExtensionCreationWithUpload, protocol.ExtensionCreationDeferLength,
	protocol.ExtensionConcatenation, protocol.ExtensionTermination,
}

// NewInlineServer returns a server that announces creation-with-upload. It replaces
// cfg.Extensions.
func NewInlineServer(t *testing.T, cfg fake.Config) *fake.Server {
	t.Helper()
	cfg.Extensions = inlineExtensions
	return fake.New(t, cfg)
}

// NewTCPServer returns a tus server on a real socket. It locks an upload during a request, as real
// servers do: a request that broke off may still arrive while the next one does.
func NewTCPServer(t *testing.T, cfg fake.Config) *fake.Server {
	t.Helper()
	s := fake.Handler(cfg)
	var locks sync.Map // *sync.Mutex by path
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPatch || r.Method == http.MethodHead {
			lock, _ := locks.LoadOrStore(r.URL.Path, new(sync.Mutex))
			lock.(*sync.Mutex).Lock()
			defer lock.(*sync.Mutex).Unlock()
		}
		s.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.URL = server.URL + "/files/"
	return s
}
