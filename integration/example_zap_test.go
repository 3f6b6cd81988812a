package integration_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"
	"go.uber.org/zap/zapcore"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/testserver"
)

// A program that logs with zap passes its logger to the client through zapslog, under a
// name of its choice. The server is busy for one request, which causes a warning.
func Example_zap() {
	// This is the logger of the program. It omits the time, so that the output is the
	// same in each run.
	encoder := zap.NewProductionEncoderConfig()
	encoder.TimeKey = zapcore.OmitKey
	encoder.EncodeDuration = zapcore.StringDurationEncoder
	logger := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(encoder), os.Stdout, zap.WarnLevel))

	network := testserver.NewNetwork()
	srv, err := testserver.Start(testserver.Config{Network: network, Addr: "tus.example"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()
	srv.Inject(testserver.Fault{
		Method: http.MethodPost,
		Do:     testserver.Status(http.StatusServiceUnavailable, nil, "back in a moment"),
	})

	c, err := client.New(client.Config{
		Endpoint: srv.URL(),
		Doer:     srv.Client(),
		Retry:    retry.Backoff{Initial: time.Millisecond, Jitter: -1},
		Logger:   slog.New(zapslog.NewHandler(logger.Core(), zapslog.WithName("tusker"))),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	src, err := client.ReaderAt(bytes.NewReader([]byte("hello")), 5)
	if err != nil {
		fmt.Println(err)
		return
	}
	res, err := c.Upload(context.Background(), src, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(res.Offset, "bytes")
	// Output:
	// {"level":"warn","logger":"tusker","msg":"retrying","op":"create","url":"http://tus.example/files/","offset":0,"attempt":1,"wait":"1ms","err":"create http://tus.example/files/: service unavailable (503): \"back in a moment\""}
	// 5 bytes
}
