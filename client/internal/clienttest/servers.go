package clienttest

import (
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
