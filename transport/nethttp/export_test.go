package nethttp

// NewTransport exports newTransport for tests of its settings.
var NewTransport = newTransport
