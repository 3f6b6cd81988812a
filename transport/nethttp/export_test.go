package nethttp

// NewTransport is for tests of the settings of a transport.
var NewTransport = newTransport
