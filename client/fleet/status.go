package fleet

import "time"

// Status is the state of a job at one moment.
type Status struct {
	// Name and Endpoint are those of the job.
	Name, Endpoint string

	// Added is how many items were added, and AddedBytes their size.
	Added, AddedBytes int64

	// Adding means that a list was not added to its end: an Add is at work, or was
	// interrupted and has to be repeated.
	Adding bool

	// Queued is how many items wait for a worker, also those that wait for their next
	// attempt. InFlight is how many items workers have. Redelivered is how many of those were
	// delivered before.
	Queued, InFlight, Redelivered int64

	// Done and Failed are how many items have a result. Items that were added twice count
	// once.
	Done, Failed int64

	// Bytes is the size of the finished items. After the crash of a worker or of the engine,
	// a few seconds of its work may be missing.
	Bytes int64

	// Rate is how many bytes in a second all workers together send now, and FileRate how
	// many items in a second they finish.
	Rate, FileRate float64

	// RateLimit is the limit of the job in bytes in a second. 0: none.
	RateLimit int64

	// Workers are those that live, by ID. A worker that died is listed for up to 30 s.
	Workers []WorkerStatus
}

// Finished reports whether every item that was added has a result.
func (s Status) Finished() bool { return !s.Adding && s.Queued == 0 && s.InFlight == 0 }

// WorkerStatus is what a worker says of itself.
type WorkerStatus struct {
	// ID is unique for each call of Work. Host and PID are those of its process.
	ID   string `json:"id"`
	Host string `json:"host,omitempty"`
	PID  int    `json:"pid,omitempty"`

	// Slots is how many items the worker can upload at the same time, and Busy how many it
	// uploads now. Draining means that it takes no further items.
	Slots    int  `json:"slots"`
	Busy     int  `json:"busy"`
	Draining bool `json:"draining,omitempty"`

	// Done and Failed count the items that the worker finished, and Sent the bytes that it
	// handed to the network, since it began.
	Done   int64 `json:"done"`
	Failed int64 `json:"failed"`
	Sent   int64 `json:"sent"`

	// Rate and FileRate are bytes and items in a second, over the last seconds.
	Rate     float64 `json:"rate"`
	FileRate float64 `json:"file_rate"`

	// Uptime is how long the worker works, by its own clock.
	Uptime time.Duration `json:"uptime"`
}
