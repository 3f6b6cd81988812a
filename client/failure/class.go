package failure

// Class is the meaning of a failed exchange for an upload. The class decides what
// the upload does next; see docs/faults.md. The code that creates an [Error] sets
// its class, and nothing changes it afterwards.
type Class uint8

// The classes.
const (
	// ClassFinal: a retry cannot help. The upload fails immediately.
	ClassFinal Class = iota

	// ClassTransient: the network or the server failed. The upload waits as the
	// retry policy says, asks the server for the offset, and resumes from there.
	ClassTransient

	// ClassLocked: another request still holds the upload, often one of this
	// client whose connection broke. The upload waits as for ClassTransient, but
	// under the policy for locks, which has its own count.
	ClassLocked

	// ClassThrottled: the server asks for fewer requests. The upload waits as for
	// ClassTransient, and every other upload of the same Client to that host
	// waits too.
	ClassThrottled

	// ClassResync: the server refused the offset or the length of a request. The
	// upload asks for the offset and resumes from there. If the server refuses an
	// offset that it has just confirmed, the upload is treated as locked.
	ClassResync

	// ClassIntegrity: the bytes were damaged on their way. The upload sends them
	// again, at most three times in a row.
	ClassIntegrity

	// ClassProxyLimit: something in front of the server refuses bodies of this
	// size. The upload halves its chunk and keeps that size for the host.
	ClassProxyLimit

	// ClassAuth: the credentials were refused. If the next request may carry
	// other credentials (see [Error.Renewable]), the upload asks for them once.
	ClassAuth

	// ClassGone: the upload does not exist, or no longer exists.
	ClassGone

	// ClassScarce: this machine lacks a resource for the moment, such as open files or
	// ports. The upload waits until another upload of the Client ends, which is not counted.
	// If there is no other one, it is treated as transient.
	ClassScarce
)

// String returns the name of the class, such as "transient".
func (c Class) String() string {
	names := [...]string{"final", "transient", "locked", "throttled", "resync", "integrity", "proxy limit", "auth", "gone", "scarce"}
	if int(c) >= len(names) {
		return "unknown"
	}
	return names[c]
}

// Retryable reports whether an exchange that failed in this way is worth a retry
// under a policy that does not know classes.
func (c Class) Retryable() bool {
	switch c {
	case ClassTransient, ClassLocked, ClassThrottled, ClassResync, ClassIntegrity, ClassScarce:
		return true
	case ClassFinal, ClassProxyLimit, ClassAuth, ClassGone:
	}
	return false
}
