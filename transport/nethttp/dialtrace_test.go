package nethttp_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"testing"

	"github.com/tusker-go/tusker/transport/nethttp"
)

// A custom dialer reports to an httptrace.ClientTrace.
func TestDialTrace(t *testing.T) {
	t.Parallel()
	refused := errors.New("dial refused")
	c := nethttp.New(nethttp.Config{NoProxy: true, DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, refused
	}})
	var events []string
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		ConnectStart: func(network, addr string) { events = append(events, "start "+network+" "+addr) },
		ConnectDone:  func(_, addr string, err error) { events = append(events, "done "+addr+" "+err.Error()) },
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, "http://tus.example/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	if want := []string{"start tcp tus.example:80", "done tus.example:80 dial refused"}; !errors.Is(err, refused) || !slices.Equal(events, want) {
		t.Errorf("events %q, error %v, want %q and %v", events, err, want, refused)
	}
}
