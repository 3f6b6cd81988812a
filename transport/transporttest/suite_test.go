package transporttest_test

import (
	"crypto/tls"
	"net/http"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tusker-go/tusker/transport/nethttp"
	"github.com/tusker-go/tusker/transport/retryablehttp"
	"github.com/tusker-go/tusker/transport/transporttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// http.DefaultClient passes the suite.
func TestDefaultClient(t *testing.T) {
	transporttest.Run(t, func(*testing.T) transporttest.Config {
		return transporttest.Config{Doer: http.DefaultClient}
	})
}

// The client of nethttp passes the suite.
func TestNetHTTP(t *testing.T) {
	transporttest.Run(t, func(*testing.T) transporttest.Config {
		return transporttest.Config{Doer: nethttp.New(nethttp.Config{})}
	})
}

// The client of retryablehttp passes the suite.
func TestRetryableHTTP(t *testing.T) {
	transporttest.Run(t, func(*testing.T) transporttest.Config {
		return transporttest.Config{Doer: retryablehttp.New(retryablehttp.Config{
			RetryMax:     2,
			RetryWaitMin: time.Millisecond,
			RetryWaitMax: 2 * time.Millisecond,
		})}
	})
}

// The client of nethttp passes the suite for certificates.
func TestCertificateNetHTTP(t *testing.T) {
	for name, c := range map[string]nethttp.Config{
		"default":          {},
		"HTTP/1.1 only":    {HTTP1Only: true},
		"HTTP/2 preferred": {PreferHTTP2: true},
	} {
		t.Run(name, func(t *testing.T) {
			transporttest.RunWithCertificate(t, func(_ *testing.T, settings *tls.Config) transporttest.Config {
				c.TLS = settings
				return transporttest.Config{Doer: nethttp.New(c)}
			})
		})
	}
}

// The client of retryablehttp passes the suite for certificates.
func TestCertificateRetryableHTTP(t *testing.T) {
	transporttest.RunWithCertificate(t, func(_ *testing.T, settings *tls.Config) transporttest.Config {
		return transporttest.Config{Doer: retryablehttp.New(retryablehttp.Config{
			Client: nethttp.New(nethttp.Config{TLS: settings}), RetryMax: -1,
		})}
	})
}
