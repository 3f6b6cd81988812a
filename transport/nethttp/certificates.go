package nethttp

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// LoadCertPool reads authorities from PEM files, for Config.RootCAs. The pool
// does not contain the authorities of the system. An empty list of files and a
// file without a certificate are errors.
func LoadCertPool(files ...string) (*x509.CertPool, error) {
	if len(files) == 0 {
		return nil, errors.New("load authorities: no file named")
	}
	pool := x509.NewCertPool()
	for _, file := range files {
		pem, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("load authorities: %w", err)
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("load authorities: no certificate in %q", file)
		}
	}
	return pool, nil
}

// LoadCertificate reads a client certificate and its key from PEM files, for
// Config.Certificates. Both names may be the same file.
func LoadCertificate(certFile, keyFile string) (tls.Certificate, error) {
	c, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("load certificate %q with key %q: %w", certFile, keyFile, err)
	}
	return c, nil
}
