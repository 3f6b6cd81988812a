package testserver

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"slices"
	"time"
)

// authority is a certificate authority with the certificates that it signed.
type authority struct {
	pool                    *x509.CertPool
	caPEM                   []byte
	server, client          tls.Certificate
	clientPEM, clientKeyPEM []byte
}

// certLifetime is long enough for a server that runs for months.
const certLifetime = 365 * 24 * time.Hour

func newAuthority(hosts []string) (*authority, error) {
	now := time.Now()
	template := func(serial int64, name string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(serial),
			Subject:      pkix.Name{CommonName: name},
			// The clock of a client may be behind.
			NotBefore: now.Add(-time.Hour),
			NotAfter:  now.Add(certLifetime),
			KeyUsage:  x509.KeyUsageDigitalSignature,
		}
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	ca := template(1, "tusker test authority")
	ca.IsCA = true
	ca.BasicConstraintsValid = true
	ca.KeyUsage |= x509.KeyUsageCertSign
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return nil, err
	}
	if ca, err = x509.ParseCertificate(caDER); err != nil {
		return nil, err
	}
	a := &authority{pool: x509.NewCertPool(), caPEM: encodePEM("CERTIFICATE", caDER)}
	a.pool.AddCert(ca)

	server := template(2, "tusker test server")
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			server.IPAddresses = append(server.IPAddresses, ip)
		} else {
			server.DNSNames = append(server.DNSNames, host)
		}
	}
	if a.server, _, _, err = sign(server, ca, caKey); err != nil {
		return nil, err
	}
	client := template(3, "tusker test client")
	client.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	a.client, a.clientPEM, a.clientKeyPEM, err = sign(client, ca, caKey)
	return a, err
}

// sign creates a key and a certificate for it.
func sign(template, ca *x509.Certificate, caKey *ecdsa.PrivateKey) (c tls.Certificate, certPEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return c, nil, nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca, key.Public(), caKey)
	if err != nil {
		return c, nil, nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return c, nil, nil, err
	}
	certPEM, keyPEM = encodePEM("CERTIFICATE", der), encodePEM("PRIVATE KEY", keyDER)
	c, err = tls.X509KeyPair(certPEM, keyPEM)
	return c, certPEM, keyPEM, err
}

func encodePEM(kind string, der []byte) []byte {
	var b bytes.Buffer
	// Writing to memory does not fail.
	_ = pem.Encode(&b, &pem.Block{Type: kind, Bytes: der})
	return b.Bytes()
}

// certHosts returns the hosts of a server's certificate: loopback names, the
// host of the configured address, and the host of the listener.
func certHosts(configured string, addr net.Addr) []string {
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	for _, name := range []string{configured, addr.String()} {
		host, _, err := net.SplitHostPort(name)
		if err != nil {
			host = name
		}
		if host != "" && !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return hosts
}
