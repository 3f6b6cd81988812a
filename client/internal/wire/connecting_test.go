package wire

import (
	"net/http/httptrace"
	"testing"
	"testing/synctest"
	"time"
)

// A dial that continues although the request has got another connection neither shortens
// nor lengthens the time of the request.
func TestLateDialIsIgnored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, dog := watch(t.Context(), time.Second, time.Minute)
		defer dog.stop()
		ctx, conn := follow(ctx, dog, nil)
		trace := httptrace.ContextClientTrace(ctx)
		trace.GetConn("tus.example:80")
		time.Sleep(30 * time.Second)
		trace.ConnectStart("tcp", "tus.example:80")
		trace.GotConn(httptrace.GotConnInfo{})
		if conn.unsent() {
			t.Error("the request had a connection, want none")
		}
		dog.finishing()
		began := time.Now()
		trace.ConnectDone("tcp", "tus.example:80", nil)
		trace.TLSHandshakeStart()
		<-ctx.Done()
		if took := time.Since(began); took != time.Minute {
			t.Errorf("ended after %v, want %v", took, time.Minute)
		}
	})
}

// A request whose answer may take FinishTimeout has as long for its connection.
func TestDialOfSlowRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, dog := watch(t.Context(), time.Second, time.Minute)
		defer dog.stop()
		ctx, _ = follow(ctx, dog, nil)
		dog.finishing()
		trace := httptrace.ContextClientTrace(ctx)
		trace.GetConn("tus.example:80")
		trace.GotConn(httptrace.GotConnInfo{})
		began := time.Now()
		<-ctx.Done()
		if took := time.Since(began); took != time.Minute {
			t.Errorf("ended after %v, want %v", took, time.Minute)
		}
	})
}

// The wait for a dialer that reports nothing is limited.
func TestSilentDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, dog := watch(t.Context(), time.Second, time.Minute)
		defer dog.stop()
		ctx, _ = follow(ctx, dog, nil)
		began := time.Now()
		httptrace.ContextClientTrace(ctx).GetConn("tus.example:80")
		<-ctx.Done()
		if took := time.Since(began); took != time.Minute {
			t.Errorf("ended after %v, want %v", took, time.Minute)
		}
	})
}
