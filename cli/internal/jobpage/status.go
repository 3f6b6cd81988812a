package jobpage

import (
	"time"
)

// Status is the state of a job, as the page, the command status and JSON have it. The names of
// its fields in JSON are stable.
type Status struct {
	Job      string `json:"job"`
	Endpoint string `json:"endpoint"` // without user and query
	Adding   bool   `json:"adding"`   // items are being added

	Items    int64 `json:"items"` // the sum of the four numbers below
	Queued   int64 `json:"queued"`
	Again    bool  `json:"again,omitempty"` // a list was added more than once: Queued and Length may count an item several times
	InFlight int64 `json:"in_flight"`
	Done     int64 `json:"done"`
	Failed   int64 `json:"failed"`

	Bytes     int64   `json:"bytes"`                // of the items that are done
	Length    int64   `json:"length"`               // of all items
	Rate      int64   `json:"rate"`                 // bytes a second, over all workers
	ItemRate  float64 `json:"item_rate"`            // items a second, over all workers
	RateLimit int64   `json:"rate_limit,omitempty"` // bytes a second; 0: no limit

	Workers  []Worker  `json:"workers"`
	Failures []Failure `json:"failures"` // the last ones, newest first
	Time     time.Time `json:"time"`     // at which the state was read
}

// Worker is a process that works on a job.
type Worker struct {
	Name     string  `json:"worker"`
	Host     string  `json:"host"`
	PID      int     `json:"pid,omitempty"`
	Slots    int     `json:"slots"`
	InFlight int     `json:"in_flight"`
	Done     int64   `json:"done"`
	Failed   int64   `json:"failed"`
	Bytes    int64   `json:"bytes"` // that it handed to the network
	Rate     int64   `json:"rate"`
	ItemRate float64 `json:"item_rate"`
	Draining bool    `json:"draining,omitempty"` // it takes no further items
	Silent   bool    `json:"silent,omitempty"`   // it may have died, and the other fields are what it said last
}

// Failure is an item that failed for good.
type Failure struct {
	Item    string    `json:"item"`
	Class   string    `json:"class,omitempty"`
	Message string    `json:"message"`
	Worker  string    `json:"worker,omitempty"`
	Time    time.Time `json:"time,omitzero"`
}

// IsComplete reports whether all items are done or have failed.
func (s *Status) IsComplete() bool { return !s.Adding && s.Queued == 0 && s.InFlight == 0 }

// Alive returns the number of workers that are not silent.
func (s *Status) Alive() (n int) {
	for _, w := range s.Workers {
		if !w.Silent {
			n++
		}
	}
	return n
}

// Percent returns how much of the items is done or has failed, rounded down.
func (s *Status) Percent() int {
	if s.Items == 0 {
		return 0
	}
	return int((s.Done + s.Failed) * 100 / s.Items)
}
