package integration

import (
	"net/http"
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(tests{m})
}

// tests leaves nothing behind that would look like a leak.
type tests struct{ *testing.M }

func (m tests) Run() int {
	code := m.M.Run()
	// Its connections belong to the whole process.
	http.DefaultClient.CloseIdleConnections()
	return code
}

// missing skips the test, or fails it where nothing may be missing.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("TUSKER_INTEROP") == "required" {
		t.Fatalf("%s, and TUSKER_INTEROP=required", what)
	}
	t.Skip(what)
}
