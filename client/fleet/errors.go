package fleet

import "errors"

// Errors of the calls of this package; test for them with errors.Is.
var (
	// ErrNoJob means that the engine has no job of this name.
	ErrNoJob = errors.New("there is no job of this name")

	// ErrOtherEndpoint means that the job exists and uploads to another endpoint. Use
	// another name for a job with a new endpoint.
	ErrOtherEndpoint = errors.New("the job exists with another endpoint")

	// ErrJobVersion means that a newer version of this package made the job.
	ErrJobVersion = errors.New("a newer version of the program made the job")

	// ErrInvalid means that a name, an item or a value of a configuration makes no sense.
	ErrInvalid = errors.New("invalid")

	// ErrOrder means that the items of a list are not in their order, see Job.Add.
	ErrOrder = errors.New("items are not in order")

	// ErrBusy means that another Add of the same list is at work. It continues. Wait until
	// it has ended.
	ErrBusy = errors.New("another process is adding the same list to the job")

	// ErrEngineUnreachable means that the engine did not answer.
	ErrEngineUnreachable = errors.New("engine is not reachable")

	// ErrEngineFull means that the engine has no space, or has reached a limit of its
	// configuration. Nothing is lost: repeat the call when the engine has space.
	ErrEngineFull = errors.New("engine is full")

	// ErrEngineVersion means that the engine is older than NATS 2.12, or has no JetStream.
	ErrEngineVersion = errors.New("engine is not NATS 2.12 or later with JetStream")

	// ErrUnauthorized means that the engine demands credentials, or refuses those that it
	// got.
	ErrUnauthorized = errors.New("engine refuses the credentials")

	// ErrNoRoot means that a worker has no place for a root that items of the job name, see
	// Files. Such an item is given back to the other workers, and no attempt is counted.
	ErrNoRoot = errors.New("this worker has no such root")

	// ErrNoAccess means that a worker cannot read an item because of its own settings, such as
	// credentials that it does not have. Such an item is given back to the other workers, and
	// no attempt is counted.
	ErrNoAccess = errors.New("this worker cannot read the item")

	// ErrMissing means that the file of an item does not exist.
	ErrMissing = errors.New("file does not exist")

	// ErrUnreadable means that the worker may not read the file of an item.
	ErrUnreadable = errors.New("file cannot be read")
)
