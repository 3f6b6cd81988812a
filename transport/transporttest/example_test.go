package transporttest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/transporttest"
)

// This is the body of a test function in your own test file.
func ExampleRun() {
	_ = func(t *testing.T) {
		t.Helper()
		transporttest.Run(t, func(*testing.T) transporttest.Config {
			return transporttest.Config{
				Doer:     transport.Chain(&http.Client{}, transport.UserAgent("mine/1")),
				Patience: 10 * time.Second,
			}
		})
	}
	// Output:
}
