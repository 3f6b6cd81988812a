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

// otelhttp goes around the transport of an http.Client, so each request of an
// upload is a span: here the creation, a connection that is cut, the question
// where the server stands, and the rest.
func Example_otelhttp() {
	srv, err := testserver.Start(testserver.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()
	srv.Inject(testserver.Fault{Method: http.MethodPatch, Do: testserver.CutAfter(3)})

	// A program's own provider exports somewhere else.
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))

	plain := nethttp.New(nethttp.Config{})
	defer plain.CloseIdleConnections()
	traced := *plain // with its rules for redirects
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
