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

// tests runs the tests and closes the connections that would look like leaks.
type tests struct{ *testing.M }

func (m tests) Run() int {
	code := m.M.Run()
	// The connections of the default transport belong to the whole process.
	http.DefaultClient.CloseIdleConnections()
	closeChromium()
	return code
}

// missing skips the test, or fails it if TUSKER_INTEROP is "required".
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("TUSKER_INTEROP") == "required" {
		t.Fatalf("%s, but TUSKER_INTEROP is \"required\"", what)
	}
	t.Skip(what)
}
