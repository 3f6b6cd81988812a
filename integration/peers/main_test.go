package peers

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"testing"

	"go.uber.org/goleak"

	"github.com/tusker-go/tusker/testserver"
)

const (
	kib = 1 << 10
	mib = 1 << 20
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// Each Uploader has a goroutine that never ends.
		goleak.IgnoreTopFunction("github.com/eventials/go-tus.(*Uploader).broadcastProgress"))
}

// content returns n bytes that do not repeat, the same bytes for each call.
func content(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{'t', 'u', 's'}).Read(b)
	return b
}

func patch(a testserver.Action) testserver.Fault {
	return testserver.Fault{Method: http.MethodPatch, Do: a}
}

// httpClient returns a client that trusts srv and is closed at the end of the test.
func httpClient(t *testing.T, srv *testserver.Server) *http.Client {
	t.Helper()
	c := srv.Client()
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func checkStored(t *testing.T, srv *testserver.Server, uploadURL string, want []byte) {
	t.Helper()
	got, err := srv.Bytes(uploadURL)
	if err != nil {
		t.Error(err)
		return
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the server has %d bytes, which differ; want %d", len(got), len(want))
	}
}
