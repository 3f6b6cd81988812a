package exit_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
)

func answer(op protocol.Op, status int) error {
	return &client.Error{Op: op, URL: "http://tus.example/", StatusCode: status, Err: protocol.StatusError(op, status)}
}

// failed returns the error of a client whose Doer fails with err.
func failed(err error) error {
	doer := transport.DoerFunc(func(*http.Request) (*http.Response, error) { return nil, err })
	c, cerr := client.New(client.Config{Doer: doer})
	if cerr != nil {
		return cerr
	}
	_, err = c.Head(context.Background(), "http://tus.example/", nil)
	return err
}

func malformed(err error) error {
	return &client.Error{Op: protocol.OpHead, URL: "http://tus.example/", StatusCode: 200, Err: err}
}

func doubtful() error {
	err := answer(protocol.OpHead, 404)
	return &client.Error{Op: protocol.OpHead, StatusCode: 404, Err: fmt.Errorf("%w: %w", client.ErrUncertain, err)}
}

func TestCode(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err  error
		want int
	}{
		"nil":                        {nil, exit.OK},
		"unknown error":              {errors.New("disk full"), exit.Failed},
		"with a code":                {exit.With(exit.Usage, errors.New("bad")), exit.Usage},
		"with a code, wrapped":       {fmt.Errorf("upload: %w", exit.With(exit.Some, errors.New("bad"))), exit.Some},
		"interrupted":                {failed(fmt.Errorf("%w: %w", context.Canceled, exit.ErrInterrupted)), exit.Interrupted},
		"out of time":                {fmt.Errorf("upload: %w", exit.ErrTimeout), exit.GaveUp},
		"bad URL":                    {fmt.Errorf("endpoint: %w", client.ErrInvalidURL), exit.Usage},
		"bad metadata of the user":   {fmt.Errorf("upload: %w", protocol.ErrInvalidMetadata), exit.Usage},
		"bad metadata of the server": {malformed(protocol.ErrInvalidMetadata), exit.Refused},
		"bad option":                 {failed(client.ErrInvalidOption), exit.Usage},
		"401":                        {answer(protocol.OpCreate, 401), exit.NotAllowed},
		"403":                        {answer(protocol.OpPatch, 403), exit.NotAllowed},
		"certificate":                {failed(client.ErrUntrusted), exit.NotAllowed},
		"404 of an upload":           {answer(protocol.OpHead, 404), exit.Gone},
		"410 of an upload":           {answer(protocol.OpPatch, 410), exit.Gone},
		"gone after the last byte":   {doubtful(), exit.Gone},
		"404 to PATCH only":          {fmt.Errorf("%w: %w", client.ErrPatchBlocked, answer(protocol.OpPatch, 404)), exit.Refused},
		"complete, but not verified": {fmt.Errorf("%w: %w", client.ErrUnverified, answer(protocol.OpHead, 403)), exit.Refused},
		"sent by another process":    {fmt.Errorf("%w: same file", client.ErrBusy), exit.Failed},
		"404 of the endpoint":        {answer(protocol.OpCreate, 404), exit.Refused},
		"source":                     {failed(fmt.Errorf("%w: gone", client.ErrSource)), exit.Source},
		"source changed":             {fmt.Errorf("%w: %w", client.ErrSource, client.ErrSourceChanged), exit.Source},
		"other length":               {malformed(client.ErrLengthMismatch), exit.Source},
		"412":                        {answer(protocol.OpPatch, 412), exit.Refused},
		"413":                        {answer(protocol.OpCreate, 413), exit.Refused},
		"missing header":             {malformed(protocol.ErrMissingHeader), exit.Refused},
		"unsupported":                {fmt.Errorf("%w concatenation", client.ErrUnsupported), exit.Refused},
		"exhausted, no answer":       {&retry.ExhaustedError{Attempts: 2, Err: failed(io.EOF)}, exit.GaveUp},
		"exhausted, 503":             {&retry.ExhaustedError{Attempts: 2, Err: answer(protocol.OpPatch, 503)}, exit.GaveUp},
		"not retried":                {failed(&net.OpError{Op: "dial", Err: io.EOF}), exit.GaveUp},
		"offset too high":            {malformed(client.ErrIntegrity), exit.Integrity},
		"checksum":                   {&retry.ExhaustedError{Attempts: 3, Err: answer(protocol.OpPatch, 460)}, exit.Integrity},
		"407 to CONNECT":             {failed(&transport.ProxyError{StatusCode: 407}), exit.Refused},
		"502 to CONNECT":             {failed(&transport.ProxyError{StatusCode: 502}), exit.GaveUp},
		"permanent without answer":   {failed(retry.Permanent(errors.New("token command failed"))), exit.Failed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := exit.Code(test.err); got != test.want {
				t.Errorf("Code(%v) = %d, want %d", test.err, got, test.want)
			}
		})
	}
}
