package rufhserver_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/testserver/rufhserver"
)

// An upload that is forgotten is not found any more.
func TestForget(t *testing.T) {
	s := start(t, 10, rufhserver.Config{})
	url := s.send(rufh.Created, s.creation(false, []byte("abc"))).Location
	s.server.Inject(testserver.Fault{Method: http.MethodHead, Do: rufhserver.Forget()})
	s.send(rufh.Gone, s.head(url))
	s.send(rufh.Gone, s.patch(url, 3, true, nil))
}

// An upload can lose bytes as long as it is not complete.
func TestRewindTo(t *testing.T) {
	s := start(t, 10, rufhserver.Config{})
	url := s.send(rufh.Created, s.creation(false, []byte("abcdef"))).Location
	for _, test := range []struct{ to, want int64 }{{9, 6}, {2, 2}} {
		s.server.Inject(testserver.Fault{Method: http.MethodHead, Do: rufhserver.RewindTo(test.to)})
		if got := s.send(rufh.Retrieved, s.head(url)).verdict.Offset; got != protocol.Known(test.want) {
			t.Errorf("rewound to %d: offset %v, want %d", test.to, got, test.want)
		}
	}
	s.send(rufh.Final, s.patch(url, 2, true, []byte("CDEF")))
	s.server.Inject(testserver.Fault{Method: http.MethodHead, Do: rufhserver.RewindTo(0)})
	s.send(rufh.Completed, s.head(url))
	s.stored(url, []byte("abCDEF"))
}

// The final response is late. The upload is complete in the meantime, and other requests are
// not delayed.
func TestSlowFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, 10, rufhserver.Config{Server: testserver.Config{Network: testserver.NewNetwork()}})
		defer s.server.Client().CloseIdleConnections()
		s.server.Inject(testserver.Fault{Times: 2, Do: rufhserver.SlowFinish(time.Minute)})
		began := time.Now()
		url := s.send(rufh.Created, s.creation(false, nil)).Location
		if took := time.Since(began); took != 0 {
			t.Errorf("the creation took %v", took)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.send(rufh.Final, s.patch(url, 0, true, []byte("abc")))
		}()
		time.Sleep(time.Second)
		s.send(rufh.Completed, s.head(url))
		<-done
		if took := time.Since(began); took != time.Minute {
			t.Errorf("the final response took %v", took)
		}
	})
}

// A client that gives up ends the delay of a final response without an end.
func TestSlowFinishForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, 10, rufhserver.Config{Server: testserver.Config{Network: testserver.NewNetwork()}})
		defer s.server.Client().CloseIdleConnections()
		s.server.Inject(testserver.Fault{Do: rufhserver.SlowFinish(0)})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if got, err := s.try(ctx, s.creation(true, []byte("abc"))); err == nil {
			t.Errorf("status %d", got.Status)
		}
		if complete, err := s.server.Complete(s.only()); err != nil || !complete {
			t.Errorf("complete: %t, %v", complete, err)
		}
	})
}

// The handler of the caller and the faults see each other.
func TestWrap(t *testing.T) {
	calls := 0
	s := start(t, 10, rufhserver.Config{Server: testserver.Config{Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			calls++
			next.ServeHTTP(w, r)
		})
	}}})
	url := s.send(rufh.Created, s.creation(false, nil)).Location
	s.server.Inject(testserver.Fault{Do: rufhserver.Forget()})
	s.send(rufh.Gone, s.head(url))
	if calls != 2 {
		t.Errorf("%d calls", calls)
	}
}
