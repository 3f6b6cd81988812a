// Package control has the messages between the driver of the benchmarks and its servers.
package control

import "time"

// Ready is the first line that a server prints.
type Ready struct {
	// URL is the tus endpoint; "" for a relay.
	URL string `json:"url,omitempty"`

	// Address is the address on which the server listens.
	Address string `json:"address"`

	// Control is an address for plain HTTP. GET /stats returns [Stats], and POST /reset
	// empties the store and resets the counts.
	Control string `json:"control"`

	// CA is the certificate to trust, in PEM; "" without TLS.
	CA string `json:"ca,omitempty"`
}

// Stats counts events since the last reset.
type Stats struct {
	// Requests counts requests by method.
	Requests map[string]int `json:"requests,omitempty"`

	// Connections counts the connections that carried a request. A relay counts all
	// connections.
	Connections int `json:"connections"`

	// Received counts the bytes of bodies. A relay counts all bytes to the server.
	Received int64 `json:"received"`

	// Files counts the complete uploads, and Stored counts their bytes. Parts of another
	// upload do not count.
	Files  int   `json:"files"`
	Stored int64 `json:"stored"`

	// Cuts counts the connections that a relay has reset. Waited is the total time from
	// each reset until bytes of a body arrived again.
	Cuts   int           `json:"cuts,omitempty"`
	Waited time.Duration `json:"waited,omitempty"`
}
