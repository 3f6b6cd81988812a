package jobtest

import (
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/tusker-go/tusker/transport"
)

// Meter counts the bytes of bodies that are sent.
type Meter struct {
	mu   sync.Mutex
	list []sent
}

// sent is how many bytes were sent up to a time.
type sent struct {
	at  time.Time
	sum int64
}

// Doer returns a Doer that counts the bodies of d.
func (m *Meter) Doer(d transport.Doer) transport.Doer {
	return transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
		if req.Body != nil && req.Body != http.NoBody {
			req = req.Clone(req.Context())
			req.Body = &metered{ReadCloser: req.Body, meter: m}
			req.GetBody = nil
		}
		return d.Do(req)
	})
}

type metered struct {
	io.ReadCloser
	meter *Meter
}

func (r *metered) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	m := r.meter
	m.mu.Lock()
	defer m.mu.Unlock()
	m.list = append(m.list, sent{time.Now(), m.last() + int64(n)})
	return n, err
}

func (m *Meter) last() int64 {
	if len(m.list) == 0 {
		return 0
	}
	return m.list[len(m.list)-1].sum
}

// Sent returns how many bytes were sent.
func (m *Meter) Sent() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last()
}

// Excess returns by how many bytes the sum of all bytes since a time was above a rate at most,
// in bytes a second. Bytes that a slow machine counts too late make it smaller, never larger.
func (m *Meter) Excess(since time.Time, rate int64) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	var before, most int64
	for _, s := range m.list {
		if s.at.Before(since) {
			before = s.sum
			continue
		}
		most = max(most, s.sum-before-int64(s.at.Sub(since).Seconds()*float64(rate)))
	}
	return most
}
