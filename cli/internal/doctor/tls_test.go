package doctor

import (
	"crypto/tls"
	"strings"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// A TLS error ends the examination, with advice that names the flag that helps.
func TestTLS(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		network func(s *testserver.Server) nethttp.Config
		url     func(string) string // nil: the URL of the server
		want    Status
		detail  string
		advice  string
	}{
		"trusted":      {func(s *testserver.Server) nethttp.Config { return nethttp.Config{RootCAs: s.CertPool()} }, nil, OK, "TLS 1.3", ""},
		"not trusted":  {func(*testserver.Server) nethttp.Config { return nethttp.Config{} }, nil, Fail, "unknown authority", "--cacert FILE"},
		"not verified": {func(*testserver.Server) nethttp.Config { return nethttp.Config{InsecureSkipVerify: true} }, nil, Warn, "not verified", "--cacert FILE"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testserver.New(t, testserver.Config{TLS: &tls.Config{}, GracefulTimeout: time.Millisecond})
			report, err := Run(t.Context(), Config{
				Client: client.Config{Endpoint: s.URL(), Doer: nethttp.New(test.network(s))},
				Settle: 20 * time.Millisecond, Pause: 100 * time.Millisecond,
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range report.Findings {
				if f.Check != "tls" {
					if f.Status != OK {
						t.Errorf("%+v, want Status %q", f, OK)
					}
					continue
				}
				if f.Status != test.want || !strings.Contains(f.Detail, test.detail) || !strings.Contains(f.Advice, test.advice) {
					t.Errorf("%+v, want Status %q, %q in it and %q in it", f, test.want, test.detail, test.advice)
				}
			}
			if n := len(report.Findings); (test.want == Fail) != (n <= 2) {
				t.Errorf("%d findings, want at most 2: %t", n, test.want == Fail)
			}
		})
	}
}
