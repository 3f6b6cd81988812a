package transporttest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/transporttest"
)

// In a test file of your own, TestDoer would have this body.
func ExampleRun() {
	_ = func(t *testing.T) {
		t.Helper()
		transporttest.Run(t, func(*testing.T) transport.Doer {
			return transport.Chain(&http.Client{}, transport.UserAgent("mine/1"))
		}, transporttest.Patience(10*time.Second))
	}
	// Output:
}
