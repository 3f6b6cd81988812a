package integration

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"testing"
	"time"

	hashicorp "github.com/hashicorp/go-retryablehttp"

	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
	"github.com/tusker-go/tusker/transport/retryablehttp"
	"github.com/tusker-go/tusker/transport/transporttest"
)

// doer is a way to send requests. Each scenario must succeed with every doer.
type doer struct {
	name string
	new  func(t *testing.T) transport.Doer
	// wrap returns a handler that checks what this Doer adds to requests. nil: nothing is
	// checked.
	wrap func(http.Handler) http.Handler
}

// doers are the two Doers of this project, http.Client, and a Doer that a user
// could write.
//
// A plain http.Client such as http.DefaultClient passes the scenarios.
// TestPlainClient shows its differences: after a redirect, it sends another request
// than the given one, and it sends the user's headers to any host to which it is
// redirected.
var doers = []doer{
	{name: "nethttp", new: func(t *testing.T) transport.Doer {
		t.Helper()
		c := nethttp.New(nethttp.Config{})
		t.Cleanup(c.CloseIdleConnections)
		return c
	}},
	{name: "retryablehttp", new: func(t *testing.T) transport.Doer {
		t.Helper()
		c := retryablehttp.New(retryablehttp.Config{
			RetryWaitMin: time.Millisecond,
			RetryWaitMax: 5 * time.Millisecond,
		})
		t.Cleanup(c.CloseIdleConnections)
		return c
	}},
	{name: "http.DefaultClient", new: func(t *testing.T) transport.Doer {
		t.Helper()
		return http.DefaultClient
	}},
	{name: "signer", new: newSigner, wrap: signedOnly},
}

// signer is a Doer that a user could write: it signs each request and sends it with
// an http.Client.
type signer struct {
	client *http.Client
	key    []byte
}

func newSigner(t *testing.T) transport.Doer {
	t.Helper()
	c := &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
	t.Cleanup(c.CloseIdleConnections)
	return &signer{client: c, key: signerKey}
}

var signerKey = []byte("correct horse battery staple")

const signatureHeader = "X-Signature"

func (s *signer) Do(req *http.Request) (*http.Response, error) {
	signed := req.Clone(req.Context())
	signed.Header.Set(signatureHeader, signature(s.key, req))
	return s.client.Do(signed)
}

func signature(key []byte, req *http.Request) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(req.Method + " " + req.URL.Path))
	return hex.EncodeToString(mac.Sum(nil))
}

// signedOnly refuses requests without a signature.
func signedOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(signatureHeader) != signature(signerKey, r) {
			http.Error(w, "bad signature", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// The suite checks the Doers that other modules cannot test: the user's own, and a
// retryablehttp.Client that the user has configured. The test is not parallel, because
// the suite measures memory.
func TestTransportSuite(t *testing.T) {
	t.Run("signer", func(t *testing.T) {
		transporttest.Run(t, func(t *testing.T) transporttest.Config {
			t.Helper()
			return transporttest.Config{Doer: newSigner(t)}
		})
	})
	t.Run("wrapped retryablehttp.Client", func(t *testing.T) {
		transporttest.Run(t, func(t *testing.T) transporttest.Config {
			t.Helper()
			rc := hashicorp.NewClient()
			rc.Logger = nil
			rc.RetryMax = 2
			rc.RetryWaitMin = time.Millisecond
			rc.RetryWaitMax = 5 * time.Millisecond
			t.Cleanup(rc.HTTPClient.CloseIdleConnections)
			return transporttest.Config{Doer: retryablehttp.Wrap(rc)}
		})
	})
}
