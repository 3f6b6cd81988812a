// Package control is what the driver of the benchmarks and its servers say to
// each other.
package control

import "time"

// Ready is the first line that a server prints.
type Ready struct {
	// URL is the tus endpoint; "" for a relay.
	URL string `json:"url,omitempty"`

	// Address is what the server listens on.
	Address string `json:"address"`

	// Control is the address that answers GET /stats with [Stats], and empties
	// store and counts on POST /reset. Plain HTTP.
	Control string `json:"control"`

	// CA is the certificate to trust, in PEM; "" without TLS.
	CA string `json:"ca,omitempty"`
}

// Stats counts what happened since the last reset.
type Stats struct {
	// Requests counts requests by method.
	Requests map[string]int `json:"requests,omitempty"`

	// Connections counts the connections that carried a request; of a relay,
	// all that were opened.
	Connections int `json:"connections"`

	// Received counts the bytes of bodies; of a relay, all bytes on their way
	// to the server.
	Received int64 `json:"received"`

	// Files counts the uploads that are whole, and Stored their bytes. Parts
	// of another upload do not count.
	Files  int   `json:"files"`
	Stored int64 `json:"stored"`

	// Cuts counts the connections that a relay has reset, and Waited is how
	// long in all it was until the bytes of a body flowed again.
	Cuts   int           `json:"cuts,omitempty"`
	Waited time.Duration `json:"waited,omitempty"`
}
