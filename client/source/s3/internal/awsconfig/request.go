package awsconfig

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/tusker-go/tusker/client/source/httpsource"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
)

// attempts are the requests for credentials that are sent if the first ones fail, as the SDK
// does.
var attempts = retry.Backoff{Initial: 200 * time.Millisecond, Max: 5 * time.Second, MaxAttempts: 3}

const (
	requestTimeout = 30 * time.Second // of one request
	maxAnswer      = 1 << 20          // bytes of an answer
)

// exchange sends the request that makes returns, and returns the body of the answer. Name is in
// the error, which may be an httpsource.RequestError.
func exchange(ctx context.Context, doer transport.Doer, name string, makes func(context.Context) (*http.Request, error)) ([]byte, error) {
	var body []byte
	err := retry.Do(ctx, attempts, func(whole context.Context) error {
		ctx, cancel := context.WithTimeout(transport.SingleAttempt(whole), requestTimeout)
		defer cancel()
		failed := func(err error) error {
			e := httpsource.NewNetworkError(name, err)
			e.Transient = e.Transient || ctx.Err() != nil && whole.Err() == nil
			return e
		}
		req, err := makes(ctx)
		if err != nil {
			return retry.Permanent(err)
		}
		resp, err := doer.Do(req)
		if err != nil {
			return failed(err)
		}
		defer func() { _ = resp.Body.Close() }()
		if resp.StatusCode != http.StatusOK {
			return refusal(name, resp)
		}
		if body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer)); err != nil {
			return failed(err)
		}
		return nil
	})
	return body, err
}

// refusal returns the error of an answer without credentials.
func refusal(name string, resp *http.Response) error {
	e := httpsource.NewRequestError(name, resp)
	if slices.Contains([]string{"Throttling", "ThrottlingException", "RequestLimitExceeded", "IDPCommunicationError"}, e.Code) {
		e.Transient = true
	}
	return e
}

// errAnswer means that an answer has no credentials. The answer is not in the message, because
// it may have secrets.
var errAnswer = errors.New("the answer has no credentials")

func noCredentials(name string) error { return fmt.Errorf("%s: %w", name, errAnswer) }
