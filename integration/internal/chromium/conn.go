package chromium

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
)

// errClosed is the error of calls after the browser has ended.
var errClosed = errors.New("chromium has ended")

// message is a command, an answer or an event of the protocol. A zero byte ends
// each message.
type message struct {
	ID      int             `json:"id,omitempty"` // 0: an event
	Session string          `json:"sessionId,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  any             `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// event is a message that no command asked for.
type event struct {
	session string
	method  string
	params  json.RawMessage
}

// decode stores the parameters of e in v. A test fails later if they have another
// form than expected.
func (e event) decode(v any) { _ = json.Unmarshal(e.params, v) }

// conn is the connection to a browser.
type conn struct {
	to, from *os.File
	done     chan struct{} // closed at the end of from

	mu      sync.Mutex
	last    int // ID of the last command
	waiting map[int]chan message
	events  map[int]func(event)
}

func newConn(to, from *os.File) *conn {
	c := &conn{
		to: to, from: from, done: make(chan struct{}),
		waiting: make(map[int]chan message), events: make(map[int]func(event)),
	}
	go c.read()
	return c
}

// close waits for the end of reading. It must be called after the end of the
// browser.
func (c *conn) close() {
	_ = c.to.Close()
	<-c.done
	_ = c.from.Close()
}

func (c *conn) read() {
	defer close(c.done)
	in := bufio.NewReader(c.from)
	for {
		b, err := in.ReadBytes(0)
		if err != nil {
			return
		}
		var params json.RawMessage
		m := message{Params: &params}
		if err := json.Unmarshal(b[:len(b)-1], &m); err != nil {
			continue
		}
		c.deliver(m, params)
	}
}

func (c *conn) deliver(m message, params json.RawMessage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.ID == 0 {
		for _, on := range c.events {
			on(event{m.Session, m.Method, params})
		}
		return
	}
	if answer, ok := c.waiting[m.ID]; ok {
		delete(c.waiting, m.ID)
		answer <- m
	}
}

// subscribe calls on for each event until the returned function is called. on
// must not block and must not use c.
func (c *conn) subscribe(on func(event)) (unsubscribe func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	id := c.last
	c.events[id] = on
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.events, id)
	}
}

// call sends a command and stores its result in result. session "" is the
// browser. nil: the result is not used.
func (c *conn) call(ctx context.Context, session, method string, params, result any) error {
	answer := make(chan message, 1)
	c.mu.Lock()
	c.last++
	id := c.last
	c.waiting[id] = answer
	b, err := json.Marshal(message{ID: id, Session: session, Method: method, Params: params})
	if err == nil {
		_, err = c.to.Write(append(b, 0))
	}
	c.mu.Unlock()
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	select {
	case m := <-answer:
		if m.Error != nil {
			return fmt.Errorf("%s: %s", method, m.Error.Message)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(m.Result, result)
	case <-c.done:
		return fmt.Errorf("%s: %w", method, errClosed)
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", method, ctx.Err())
	}
}
