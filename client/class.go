package client

// Class is what a failed exchange means for an upload, and so what becomes of
// it. [Error.Class] tells it; Config.Classify changes it.
type Class uint8

// The classes.
const (
	// ClassFinal: trying again cannot help. The upload fails at once.
	ClassFinal Class = iota

	// ClassTransient: the network or the server failed. The upload waits as
	// Config.Retry says, asks for the offset and goes on from there.
	ClassTransient

	// ClassLocked: another request still holds the upload, often one of this
	// client whose connection broke. As ClassTransient, but Config.Locked
	// says how long.
	ClassLocked

	// ClassThrottled: the server wants fewer requests. As ClassTransient, but
	// all uploads and downloads of the Client to the same host wait, each no
	// longer than its policy allows.
	ClassThrottled

	// ClassResync: the offset was not the server's. The upload asks for it and
	// goes on; where the server refuses an offset that it has just confirmed,
	// that counts as ClassLocked.
	ClassResync

	// ClassIntegrity: the bytes were damaged on their way. They are sent
	// again, three times at most.
	ClassIntegrity

	// ClassProxyLimit: something before the server refuses bodies of this
	// size. They are halved, down to 256 KiB, and kept so for the host.
	ClassProxyLimit

	// ClassAuth: the credentials were refused. Where they may be others by the
	// next request (transport.MarkRenewable, as transport.Bearer calls it but
	// for a StaticToken), they are asked for once more.
	ClassAuth

	// ClassGone: the upload does not exist, or no longer.
	ClassGone
)

// String gives the name of the class, such as "transient".
func (c Class) String() string {
	names := [...]string{"final", "transient", "locked", "throttled", "resync", "integrity", "proxy limit", "auth", "gone"}
	if int(c) >= len(names) {
		return "unknown"
	}
	return names[c]
}

// retryable tells whether the class is worth another try under a policy that
// knows nothing of classes.
func (c Class) retryable() bool {
	switch c {
	case ClassTransient, ClassLocked, ClassThrottled, ClassResync, ClassIntegrity:
		return true
	case ClassFinal, ClassProxyLimit, ClassAuth, ClassGone:
	}
	return false
}

// Class is what the exchange's failure means.
func (e *Error) Class() Class {
	if e.class != nil {
		return *e.class
	}
	return classify(e)
}

// as is e with another class.
func (e *Error) as(class Class) *Error {
	other := *e
	other.class = &class
	return &other
}

// Retryable tells package retry whether the exchange is worth another try.
func (e *Error) Retryable() bool { return e.Class().retryable() }

// classified lets the caller's Config.Classify have its say.
func (c *Client) classified(e *Error) *Error {
	e.Header = keptHeader(e.Header)
	if c.classify != nil {
		class := c.classify(e, classify(e))
		e.class = &class
	}
	return e
}
