package transporttest_test

import (
	"net/http"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
	"github.com/tusker-go/tusker/transport/retryablehttp"
	"github.com/tusker-go/tusker/transport/transporttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDefaultClient(t *testing.T) {
	transporttest.Run(t, func(*testing.T) transport.Doer { return http.DefaultClient })
}

func TestNetHTTP(t *testing.T) {
	transporttest.Run(t, func(*testing.T) transport.Doer { return nethttp.New(nethttp.Config{}) })
}

func TestRetryableHTTP(t *testing.T) {
	transporttest.Run(t, func(*testing.T) transport.Doer {
		return retryablehttp.New(retryablehttp.Config{
			RetryMax:     2,
			RetryWaitMin: time.Millisecond,
			RetryWaitMax: 2 * time.Millisecond,
		})
	})
}
