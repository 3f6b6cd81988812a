package fleet

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
)

// puller asks the engine for as many items as a worker can begin, and no more: an item that
// waits in one worker could be uploaded by another one.
type puller struct {
	job      *Job
	inbox    string
	sub      *nats.Subscription
	messages chan *nats.Msg
	pending  int // items that were asked for and did not come
	heard    time.Time
}

const (
	pullExpires   = 20 * time.Second
	pullHeartbeat = 5 * time.Second
	pullBuffer    = 1024
)

// newPuller subscribes to the answers.
func newPuller(j *Job) (*puller, error) {
	p := &puller{job: j, inbox: j.conn.NewInbox(), messages: make(chan *nats.Msg, pullBuffer), heard: time.Now()}
	var err error
	p.sub, err = j.conn.ChanSubscribe(p.inbox, p.messages)
	return p, engineError(err)
}

// stop has the engine send no further items. Otherwise it would send an item that is given
// back to the same worker again. Items that are on their way still arrive.
func (p *puller) stop() { _ = p.sub.Drain() }

// close ends the subscription.
func (p *puller) close() { _ = p.sub.Unsubscribe() }

// pullRequest is a request for items. It is part of the protocol of NATS.
type pullRequest struct {
	Batch     int           `json:"batch"`
	Expires   time.Duration `json:"expires"`
	Heartbeat time.Duration `json:"idle_heartbeat"`
}

// ask makes sure that free items are asked for. Most is how many there are at most.
func (p *puller) ask(free, most int, now time.Time) {
	// Without a heartbeat, the request or its connection is lost.
	if p.pending > 0 && now.Sub(p.heard) > 2*pullHeartbeat+time.Second {
		p.pending = 0
	}
	n := free - p.pending
	// A request for each item would cost more than the items of a few requests.
	if n <= 0 || p.pending > 0 && n < most/2 {
		return
	}
	data, err := json.Marshal(pullRequest{n, pullExpires, pullHeartbeat})
	if err != nil {
		return
	}
	if p.pending == 0 {
		p.heard = now
	}
	subject := p.job.api + "CONSUMER.MSG.NEXT." + p.job.queue() + "." + consumerName
	if p.job.conn.PublishRequest(subject, p.inbox, data) == nil {
		p.pending += n
	}
}

// forget forgets what was asked for, because the connection was lost.
func (p *puller) forget() { p.pending = 0 }

// take takes a message, and reports whether it is an item.
func (p *puller) take(msg *nats.Msg, now time.Time) bool {
	p.heard = now
	status := msg.Header.Get("Status")
	if status == "" {
		p.pending = max(0, p.pending-1)
		return true
	}
	const heartbeat = "100"
	if status == heartbeat {
		return false
	}
	// The request ended. Without a number, all requests count as ended.
	left, err := strconv.Atoi(msg.Header.Get("Nats-Pending-Messages"))
	if err != nil {
		left = p.pending
	}
	p.pending = max(0, p.pending-left)
	return false
}
