package parts

import (
	"context"
	"sync"

	"github.com/tusker-go/tusker/client/internal/engine"
	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/protocol"
)

// sum combines the events of the parts of one upload into events of the whole.
type sum struct {
	tell   engine.Listener
	length protocol.Length

	mu           sync.Mutex
	parts        map[int]engine.Event // the last event of each part
	offset, sent int64                // of all parts together
	unheard      map[int]bool         // parts of an earlier run about which the server has not answered yet
}

func newSum(tell engine.Listener, length protocol.Length, parts []journal.PartRecord) *sum {
	s := &sum{tell: tell, length: length, parts: make(map[int]engine.Event), unheard: make(map[int]bool)}
	for i, part := range parts {
		if part.URL != "" {
			s.unheard[i] = true
		}
	}
	return s
}

// part returns the listener of one part.
func (s *sum) part(i int) engine.Listener {
	return func(ctx context.Context, ev engine.Event) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		was := s.parts[i]
		s.offset += ev.Offset - was.Offset
		s.sent += ev.Sent - was.Sent
		s.parts[i] = ev
		whole := ev
		whole.URL, whole.Offset, whole.Sent, whole.Length = "", s.offset, s.sent, s.length
		whole.Metadata = nil // the whole has its own
		switch ev.Kind {
		case engine.Created, engine.Resumed, engine.Stopped:
			delete(s.unheard, i)
		case engine.Progress, engine.Retry, engine.Waiting, engine.Rewound, engine.LastByte:
		}
		switch ev.Kind {
		case engine.Created:
			whole.Kind = engine.Progress // the whole is created once, by joining
		case engine.Resumed:
			if len(s.unheard) > 0 {
				whole.Kind = engine.Progress // the whole is resumed at the sum of all offsets
			}
		case engine.Stopped, engine.LastByte:
			return nil
		case engine.Progress, engine.Retry, engine.Waiting, engine.Rewound:
		}
		return s.tell(ctx, whole)
	}
}

// restarted sends the event of a part that begins again because the server lost it.
func (s *sum) restarted(ctx context.Context, i int) {
	_ = s.part(i)(ctx, engine.Event{Kind: engine.Rewound})
}
