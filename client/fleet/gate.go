package fleet

import (
	"encoding/json"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/tusker-go/tusker/transport"
)

// gateMessage tells the other workers that a host asked for fewer requests. The wait counts
// from its arrival, so no clocks are compared.
type gateMessage struct {
	Host string        `json:"host"`
	Wait time.Duration `json:"wait"`
	From string        `json:"from"`
}

// maxGate is the longest wait that workers tell one another.
const maxGate = time.Hour

// gates are the hosts that asked this worker or another one for fewer requests.
type gates struct {
	job    *Job
	worker string
	tell   func(Event)

	mu     sync.Mutex
	closed map[string]time.Time // until when other workers were asked to wait, by host
	own    map[string]time.Time // until when this worker was asked to wait
}

func newGates(j *Job, worker string, tell func(Event)) *gates {
	return &gates{job: j, worker: worker, tell: tell, closed: make(map[string]time.Time), own: make(map[string]time.Time)}
}

// subscribe listens to the other workers until the subscription ends.
func (g *gates) subscribe() (*nats.Subscription, error) {
	return g.job.conn.Subscribe(g.job.gate(), func(msg *nats.Msg) {
		var m gateMessage
		if json.Unmarshal(msg.Data, &m) == nil && m.From != g.worker {
			g.note(g.closed, m.Host, m.Wait)
		}
	})
}

// note takes a wait for a host, and reports whether it is news. A host that answers to many
// requests asks for the same wait many times.
func (g *gates) note(in map[string]time.Time, host string, wait time.Duration) bool {
	wait = min(wait, maxGate)
	until := time.Now().Add(wait)
	g.mu.Lock()
	news := until.Sub(in[host]) > time.Second/2
	if news {
		in[host] = until
	}
	g.mu.Unlock()
	if news {
		g.tell(Event{Kind: EventGate, Wait: wait})
	}
	return news
}

// wait returns how long a new upload to a host has to wait because another worker was asked to
// wait. The client itself obeys what this worker was asked for.
func (g *gates) wait(host string, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return max(0, g.closed[host].Sub(now))
}

// hear looks for a wait that the answer of a host asks for, and tells the other workers.
func (g *gates) hear(host string, resp *http.Response) {
	if resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode < http.StatusInternalServerError {
		return
	}
	wait, ok := transport.RetryAfter(resp.Header, time.Now())
	if !ok || wait <= 0 || !g.note(g.own, host, wait) {
		return
	}
	g.publish(host, wait)
}

// publish tells the other workers of a wait.
func (g *gates) publish(host string, wait time.Duration) {
	data, err := json.Marshal(gateMessage{host, min(wait, maxGate), g.worker})
	if err == nil {
		_ = g.job.conn.Publish(g.job.gate(), data)
	}
}

// repeat tells the other workers again of the waits that this worker was asked for, because
// some of them may have begun since. It forgets the waits that are over.
func (g *gates) repeat(now time.Time) {
	g.mu.Lock()
	isOver := func(_ string, until time.Time) bool { return !until.After(now) }
	maps.DeleteFunc(g.closed, isOver)
	maps.DeleteFunc(g.own, isOver)
	own := maps.Clone(g.own)
	g.mu.Unlock()
	for host, until := range own {
		g.publish(host, until.Sub(now))
	}
}
