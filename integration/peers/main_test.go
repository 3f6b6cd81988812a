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
		// Each Uploader has one that nothing ends.
		goleak.IgnoreTopFunction("github.com/eventials/go-tus.(*Uploader).broadcastProgress"))
}

// content gives n bytes that do not repeat, the same ones each time.
func content(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{'t', 'u', 's'}).Read(b)
	return b
}

func patch(a testserver.Action) testserver.Fault {
	return testserver.Fault{Method: http.MethodPatch, Do: a}
}

// httpClient is one that speaks to srv and ends with the test.
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
		t.Errorf("the server has %d bytes of another content, want %d", len(got), len(want))
	}
}
