package integration_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// otelhttp wraps the transport of an http.Client, so each request of an upload is a span.
// The spans here are the creation, a PATCH whose connection is cut, the HEAD for the
// offset, and a PATCH for the rest.
func Example_otelhttp() {
	srv, err := testserver.Start(testserver.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()
	srv.Inject(testserver.Fault{Method: http.MethodPatch, Do: testserver.CutAfter(3)})

	// A real program exports its spans to a collector.
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))

	plain := nethttp.New(nethttp.Config{})
	defer plain.CloseIdleConnections()
	traced := *plain // keeps the rules of nethttp for redirects
	traced.Transport = otelhttp.NewTransport(plain.Transport, otelhttp.WithTracerProvider(provider))
	c, err := client.New(client.Config{
		Endpoint: srv.URL(),
		Doer:     &traced,
		Retry:    retry.Backoff{Initial: time.Millisecond},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	src, err := client.ReaderAt(bytes.NewReader([]byte("elephant")), 8)
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := c.Upload(context.Background(), src, nil); err != nil {
		fmt.Println(err)
		return
	}
	for _, span := range spans.Ended() {
		fmt.Println(span.Name(), span.Status().Code)
	}
	// Output:
	// HTTP POST Unset
	// HTTP PATCH Error
	// HTTP HEAD Unset
	// HTTP PATCH Unset
}
