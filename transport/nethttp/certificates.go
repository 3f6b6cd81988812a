package nethttp

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
)

// LoadCertPool reads authorities from PEM files, for Config.RootCAs. The pool
// does not contain the authorities of the system. An empty list of files and a
// file without a certificate are errors.
func LoadCertPool(files ...string) (*x509.CertPool, error) {
	if len(files) == 0 {
		return nil, errors.New("load authorities: no file is named")
	}
	pool := x509.NewCertPool()
	for _, file := range files {
		certs, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("load authorities: %w", err)
		}
		if !pool.AppendCertsFromPEM(certs) {
			return nil, fmt.Errorf("load authorities: no certificate in %q", file)
		}
	}
	return pool, nil
}

// ErrEncryptedKey means that a private key is protected by a password. Decrypt it first,
// for example with "openssl pkey".
var ErrEncryptedKey = errors.New("the private key is encrypted, and a key without a password is needed")

// isEncrypted reports whether a PEM file contains a private key that is encrypted: by
// PKCS #8, or by the header that older versions of OpenSSL write (RFC 1421).
func isEncrypted(keyFile string) bool {
	rest, err := os.ReadFile(keyFile)
	for err == nil {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return false
		}
		if block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return true
		}
	}
	return false
}

// LoadCertificate reads a client certificate and its key from PEM files, for
// Config.Certificates. Both names may be the same file. The error Is [ErrEncryptedKey] if the key
// is encrypted.
func LoadCertificate(certFile, keyFile string) (tls.Certificate, error) {
	c, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil && isEncrypted(keyFile) {
		err = ErrEncryptedKey
	}
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("load certificate %q with key %q: %w", certFile, keyFile, err)
	}
	return c, nil
}
