package testserver_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

// SlowFinish delays the answer to the last byte, and the upload is not locked.
func TestSlowFinish(t *testing.T) {
	t.Parallel()
	const d = time.Hour
	synctest.Test(t, func(t *testing.T) {
		s := overNetwork(t, testserver.Config{})
		data := content(10)
		url := create(t, s, len(data))
		s.Inject(testserver.Fault{Do: testserver.SlowFinish(d)})
		start := time.Now()
		if r, err := patch(t.Context(), s, url, 0, data[:5]); err != nil || r.offset(t) != 5 {
			t.Fatalf("got %d, %v; want offset 5", r.status, err)
		}
		if took := time.Since(start); took != 0 || len(s.Pending()) != 1 {
			t.Errorf("the first chunk took %v, %d faults are pending, want 0 and 1 in Pending", took, len(s.Pending()))
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			r, err := patch(t.Context(), s, url, 5, data[5:])
			if err != nil || r.status != http.StatusNoContent || r.offset(t) != 10 {
				t.Errorf("got %d, %v; want 204", r.status, err)
			}
		}()
		synctest.Wait()
		// All bytes are stored, and the upload is not locked.
		stored(t, s, url, data)
		if got := head(t, s, url); got != 10 {
			t.Errorf("got offset %d, want 10", got)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("HEAD took %v, want 0", took)
		}
		<-done
		if took := time.Since(start); took != d {
			t.Errorf("took %v, want %v", took, d)
		}
	})
}

// SlowFinish applies to requests that complete an upload only.
func TestSlowFinishRequests(t *testing.T) {
	t.Parallel()
	const (
		offset, length = protocol.HeaderUploadOffset, protocol.HeaderUploadLength
		kind           = protocol.HeaderContentType
		d              = time.Minute
	)
	data := content(10)
	body := func() io.Reader { return bytes.NewReader(data) }
	for _, tt := range []struct {
		name   string
		method string
		header []string
		body   io.Reader
		slow   bool
		status int
	}{
		{"creation", http.MethodPost, []string{length, "10"}, nil, false, 201},
		{"creation of an empty upload", http.MethodPost, []string{length, "0"}, nil, true, 201},
		{"creation with all bytes", http.MethodPost, []string{length, "10", kind, protocol.ContentType}, body(), true, 201},
		{"creation with some bytes", http.MethodPost, []string{length, "11", kind, protocol.ContentType}, body(), false, 201},
		{"creation with a deferred length", http.MethodPost, []string{protocol.HeaderUploadDeferLength, "1"}, nil, false, 201},
		{"last bytes", http.MethodPatch, []string{offset, "0", kind, protocol.ContentType}, body(), true, 204},
		{"no Content-Length", http.MethodPatch, []string{offset, "0", kind, protocol.ContentType}, io.MultiReader(body()), false, 204},
		{"wrong offset", http.MethodPatch, []string{offset, "1", kind, protocol.ContentType}, bytes.NewReader(data[:9]), false, 409},
		{"no offset", http.MethodPatch, []string{kind, protocol.ContentType}, body(), false, 400},
		{"HEAD", http.MethodHead, nil, nil, false, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := overNetwork(t, testserver.Config{})
				url := create(t, s, len(data))
				if tt.method == http.MethodPost {
					url = s.URL()
				}
				s.Inject(testserver.Fault{Times: testserver.Always, Do: testserver.SlowFinish(d)})
				start := time.Now()
				mustDo(t, tt.status, s.Client(), tt.method, url, tt.body, tt.header...)
				if got := time.Since(start); got != map[bool]time.Duration{true: d}[tt.slow] {
					t.Errorf("took %v, want %v with SlowFinish", got, tt.slow)
				}
			})
		})
	}
}

// A PATCH that declares the length, and a concatenation, complete an upload
// too.
func TestSlowFinishDeferredAndFinal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := overNetwork(t, testserver.Config{})
		deferred := mustDo(t, http.StatusCreated, s.Client(), http.MethodPost, s.URL(), nil,
			protocol.HeaderUploadDeferLength, "1").header.Get(protocol.HeaderLocation)
		part := create(t, s, 10, protocol.HeaderUploadConcat, "partial")
		if _, err := patch(t.Context(), s, part, 0, content(10)); err != nil {
			t.Fatal(err)
		}
		s.Inject(testserver.Fault{Times: testserver.Always, Do: testserver.SlowFinish(time.Second)})
		for _, request := range []struct {
			want   int
			method string
			url    string
			body   io.Reader
			header []string
		}{
			{http.StatusNoContent, http.MethodPatch, deferred, bytes.NewReader(content(3)), []string{
				protocol.HeaderContentType, protocol.ContentType, protocol.HeaderUploadOffset, "0", protocol.HeaderUploadLength, "3",
			}},
			{http.StatusCreated, http.MethodPost, s.URL(), nil, []string{protocol.HeaderUploadConcat, "final;" + part}},
		} {
			start := time.Now()
			mustDo(t, request.want, s.Client(), request.method, request.url, request.body, request.header...)
			if got := time.Since(start); got != time.Second {
				t.Errorf("%s took %v, want 1s", request.method, got)
			}
		}
	})
}

// The delay may exceed tusd's deadlines for the network.
func TestSlowFinishAfterNetworkTimeout(t *testing.T) {
	t.Parallel()
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			cfg := tr.config
			cfg.NetworkTimeout = time.Second
			s := testserver.New(t, cfg)
			data := content(10)
			url := create(t, s, len(data))
			s.Inject(testserver.Fault{Method: http.MethodPatch, Do: testserver.SlowFinish(5 * cfg.NetworkTimeout / 2)})
			r, err := patch(t.Context(), s, url, 0, data)
			if err != nil || r.status != http.StatusNoContent || r.offset(t) != 10 {
				t.Fatalf("got %d, %v; want 204", r.status, err)
			}
			// No deadline remains for the next request on this connection.
			if got := head(t, s, url); got != 10 {
				t.Errorf("got offset %d, want 10", got)
			}
		})
	}
}

// SlowFinish ends when the client disconnects.
func TestSlowFinishUntilClientLeaves(t *testing.T) {
	t.Parallel()
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			s := testserver.New(t, tr.config)
			data := content(10)
			url := create(t, s, len(data))
			ctx, cancel := context.WithCancel(t.Context())
			s.Inject(testserver.Fault{Method: http.MethodPatch, Do: testserver.Chain(
				testserver.SlowFinish(0),
				testserver.ActionFunc(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					next.ServeHTTP(w, r)
					cancel()
				}),
			)})
			if _, err := patch(ctx, s, url, 0, data); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want context.Canceled", err)
			}
			stored(t, s, url, data)
		})
	}
}
