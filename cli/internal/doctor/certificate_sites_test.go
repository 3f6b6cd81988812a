package doctor_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tusker-go/tusker/transport/nethttp"
)

// certificateSites have a certificate with one fault.
func certificateSites() map[string]func(t *testing.T) examined {
	day := 24 * time.Hour
	out := make(map[string]func(t *testing.T) examined)
	for fault, c := range map[string]struct {
		from, until time.Duration // from now
		ip          net.IP
		isTrusted   bool
		server      func(*tls.Config) // nil: no further change
	}{
		"the certificate has expired":                     {-2 * day, -day, net.IPv4(127, 0, 0, 1), true, nil},
		"the certificate is not valid yet":                {day, 90 * day, net.IPv4(127, 0, 0, 1), true, nil},
		"the certificate is for another name":             {-day, 90 * day, net.IPv4(192, 0, 2, 1), true, nil},
		"the authority of the certificate is not trusted": {-day, 90 * day, net.IPv4(127, 0, 0, 1), false, nil},
		"the server offers only an old version of TLS": {-day, 90 * day, net.IPv4(127, 0, 0, 1), true, func(c *tls.Config) {
			c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
		}},
		"the server wants a client certificate": {-day, 90 * day, net.IPv4(127, 0, 0, 1), true, func(c *tls.Config) {
			c.ClientAuth = tls.RequireAnyClientCert
		}},
	} {
		out[fault] = func(t *testing.T) examined {
			t.Helper()
			certificate, pool := certify(t, time.Now().Add(c.from), time.Now().Add(c.until), c.ip)
			server := httptest.NewUnstartedServer(http.NotFoundHandler())
			server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
			if c.server != nil {
				c.server(server.TLS)
			}
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.StartTLS()
			t.Cleanup(server.Close)
			network := nethttp.Config{}
			if c.isTrusted {
				network.RootCAs = pool
			}
			return examined{site{network: network}.run(t, server.URL+"/files/"), nil}
		}
	}
	return out
}

// certify returns a certificate with these dates, and its authority.
func certify(t *testing.T, from, until time.Time, ip net.IP) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tusker test"},
		NotBefore: from, NotAfter: until, IPAddresses: []net.IP{ip},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}
