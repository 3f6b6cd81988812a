package rufhserver_test

import (
	"io"
	"testing"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/testserver/rufhserver"
)

// With an Interval, the server tells the offset when the time has passed and bytes have arrived.
// Versions before 5 have no offset in a 104.
func TestInterval(t *testing.T) {
	const pieces = 5
	for _, v := range []rufh.Version{4, 5, 10} {
		for interval, want := range map[time.Duration]int{0: 0, time.Nanosecond: pieces, time.Hour: 0} {
			if v < 5 {
				want = 0
			}
			s := start(t, v, rufhserver.Config{Interval: interval})
			r, w := io.Pipe()
			told := make(chan struct{}, 1+pieces)
			q := s.creation(true, nil)
			q.exchange.End, q.body = protocol.Known(pieces), r
			q.interim = func() { told <- struct{}{} }
			go func() {
				<-told // the URL
				for range pieces {
					_, _ = w.Write([]byte("x"))
					if want > 0 {
						<-told
					}
				}
				_ = w.Close()
			}()
			got := s.send(rufh.Final, q)
			if n := len(got.interim) - 1; n != want {
				t.Errorf("%v, interval %v: %d offsets, want %d", v, interval, n, want)
			}
			for i, r := range got.interim[1:] {
				if r.Offset != protocol.Known(int64(i+1)) {
					t.Errorf("%v: offset %v in 104 number %d", v, r.Offset, i+1)
				}
			}
		}
	}
}
