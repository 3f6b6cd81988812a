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

// A trace hears of a dial whoever dials.
func TestDialIsTraced(t *testing.T) {
	t.Parallel()
	refused := errors.New("not today")
	c := nethttp.New(nethttp.Config{NoProxy: true, DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, refused
	}})
	var heard []string
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		ConnectStart: func(network, addr string) { heard = append(heard, "start "+network+" "+addr) },
		ConnectDone:  func(_, addr string, err error) { heard = append(heard, "done "+addr+" "+err.Error()) },
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, "http://tus.example/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	if want := []string{"start tcp tus.example:80", "done tus.example:80 not today"}; !errors.Is(err, refused) || !slices.Equal(heard, want) {
		t.Errorf("heard %q, error %v", heard, err)
	}
}
