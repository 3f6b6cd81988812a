package integration

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/testserver"
)

// The client can do everything that aiotus, a tus client for Python, can do. Each
// subtest has the name of the feature in aiotus.
func TestAiotusParity(t *testing.T) {
	t.Parallel()
	t.Run("upload", parityUpload)
	t.Run("upload with chunksize", parityChunkSize)
	t.Run("upload fails", parityUploadFails)
	t.Run("metadata", parityMetadata)
	t.Run("invalid metadata keys", parityInvalidKeys)
	t.Run("creation.create", parityCreate)
	t.Run("core.offset", parityOffset)
	t.Run("core.configuration", parityConfiguration)
	t.Run("core.upload_buffer", parityUploadBuffer)
	t.Run("upload_multiple", parityUploadMultiple)
	t.Run("upload_multiple parallel_uploads", parityParallelUploads)
	t.Run("upload_multiple without concatenation", parityNoConcatenation)
	t.Run("client_session", paritySession)
	t.Run("headers", parityHeaders)
	t.Run("RetryConfiguration defaults", parityRetryDefaults)
	t.Run("RetryConfiguration", parityRetrySettings)
	t.Run("RetryConfiguration ssl", parityTLS)
	t.Run("logger", parityLogger)
	t.Run("command line", parityCommands)
}

// parityServer returns a tusd and its client, whose waits are very short.
func parityServer(t *testing.T, cfg testserver.Config) (*testserver.Server, *client.Client) {
	t.Helper()
	srv := testserver.New(t, cfg)
	return srv, newClient(t, client.Config{Endpoint: srv.URL(), Doer: srv.Client(), Retry: quick})
}

func checkRequests(t *testing.T, srv *testserver.Server, want string) {
	t.Helper()
	if got := strings.Join(requests(srv), " "); got != want {
		t.Errorf("requests %q, want %q", got, want)
	}
}

func parityUpload(t *testing.T) {
	t.Parallel()
	srv, c := parityServer(t, testserver.Config{})
	srv.Inject(patch(testserver.CutAfter(10)))
	data := content(1000)
	want := protocol.Metadata{"Filename": "image.jpeg", "Content-Type": "image/jpeg"}
	res, err := c.Upload(t.Context(), readerAt(t, data), &client.UploadOptions{Metadata: want})
	if err != nil {
		t.Fatal(err)
	}
	checkStored(t, srv, res.URL, data)
	info, err := srv.Info(res.URL)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, info.Metadata); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}

func parityChunkSize(t *testing.T) {
	t.Parallel()
	srv, c := parityServer(t, testserver.Config{})
	data := content(10)
	res, err := c.Upload(t.Context(), readerAt(t, data), &client.UploadOptions{ChunkSize: 4})
	if err != nil {
		t.Fatal(err)
	}
	checkStored(t, srv, res.URL, data)
	checkRequests(t, srv, "POST PATCH@0 PATCH@4 PATCH@8")
}

// aiotus returns None for a failed upload. The client returns an error together
// with a result.
func parityUploadFails(t *testing.T) {
	t.Parallel()
	srv, c := parityServer(t, testserver.Config{})
	srv.Inject(times(testserver.Always, patch(testserver.Status(http.StatusInternalServerError, nil, "disk on fire"))))
	res, err := c.Upload(t.Context(), readerAt(t, content(10)), nil)
	if !errors.Is(err, retry.ErrExhausted) || !errors.Is(err, protocol.ErrServer) {
		t.Errorf("error %v, want exhausted by a server error", err)
	}
	if !strings.Contains(err.Error(), "disk on fire") {
		t.Errorf("error %v, want the text of the server", err)
	}
	if res.URL == "" {
		t.Error("the result has no URL from which to resume")
	}
}

func parityMetadata(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		want protocol.Metadata
	}{
		{name: "none"},
		{name: "text", want: protocol.Metadata{"filename": "Größe.txt"}},
		{name: "key without value", want: protocol.Metadata{"requiresignedurls": "", "name": "x"}},
		{name: "any bytes", want: protocol.Metadata{"bytes": "\x00\x01\n,; =", "more": strings.Repeat("x", 2000)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv, c := parityServer(t, testserver.Config{})
			reply, err := c.Create(t.Context(), protocol.Creation{Length: protocol.Known(1), Metadata: tt.want}, nil)
			if err != nil {
				t.Fatal(err)
			}
			srv.Inject(head(testserver.Status(http.StatusServiceUnavailable, nil, "")))
			got, err := c.Metadata(t.Context(), reply.State.Location, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("metadata (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("not found", func(t *testing.T) {
		srv, c := parityServer(t, testserver.Config{})
		if _, err := c.Metadata(t.Context(), srv.URL()+"nothing", nil); !errors.Is(err, protocol.ErrNotFound) {
			t.Errorf("error %v, want not found", err)
		}
		checkRequests(t, srv, "HEAD")
	})
}

func parityInvalidKeys(t *testing.T) {
	t.Parallel()
	srv, c := parityServer(t, testserver.Config{})
	for _, key := range []string{"", "a b", "a,b", "schlüssel"} {
		_, err := c.Upload(t.Context(), readerAt(t, content(1)), &client.UploadOptions{Metadata: protocol.Metadata{key: "v"}})
		if !errors.Is(err, protocol.ErrInvalidMetadata) {
			t.Errorf("key %q: error %v, want invalid metadata", key, err)
		}
	}
	checkRequests(t, srv, "")
}

func parityCreate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		location testserver.Action
	}{
		{name: "absolute location"},
		{name: "relative location", location: testserver.RewriteHeader(func(h http.Header) {
			_, id, _ := strings.Cut(h.Get("Location"), "/files/")
			h.Set("Location", id)
		})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv, c := parityServer(t, testserver.Config{})
			srv.Inject(post(tt.location))
			reply, err := c.Create(t.Context(), protocol.Creation{Length: protocol.Known(7)}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if reply.StatusCode != http.StatusCreated {
				t.Errorf("status %d", reply.StatusCode)
			}
			info, err := srv.Info(reply.State.Location)
			if err != nil {
				t.Fatal(err)
			}
			if info.Length != protocol.Known(7) || info.Offset != 0 {
				t.Errorf("the server has %+v", info)
			}
			checkRequests(t, srv, "POST")
		})
	}
}

func parityOffset(t *testing.T) {
	t.Parallel()
	srv, c := parityServer(t, testserver.Config{})
	reply, err := c.Create(t.Context(), protocol.Creation{Length: protocol.Known(10)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	url := reply.State.Location
	checkOffset := func(want int64) {
		t.Helper()
		reply, err := c.Head(t.Context(), url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if reply.State.Offset != want {
			t.Errorf("offset %d, want %d", reply.State.Offset, want)
		}
	}
	checkOffset(0)
	if _, err := c.Patch(t.Context(), url, protocol.Patch{}, bytes.NewReader(content(4)), 4, nil); err != nil {
		t.Fatal(err)
	}
	checkOffset(4)
	for _, bad := range []string{"", "x", "-1"} {
		srv.Inject(head(testserver.RewriteHeader(func(h http.Header) { h.Set("Upload-Offset", bad) })))
		if reply, err := c.Head(t.Context(), url, nil); err == nil {
			t.Errorf("offset %q: no error, offset %d", bad, reply.State.Offset)
		}
	}
}

func parityConfiguration(t *testing.T) {
	t.Parallel()
	_, c := parityServer(t, testserver.Config{MaxSize: 4096})
	reply, err := c.Options(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	caps := reply.Capabilities
	if diff := cmp.Diff([]string{"1.0.0"}, caps.Versions); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	if caps.MaxSize != protocol.Known(4096) {
		t.Errorf("max size %v", caps.MaxSize)
	}
	for _, e := range []protocol.Extension{protocol.ExtensionCreation, protocol.ExtensionConcatenation} {
		if !caps.Has(e) {
			t.Errorf("extension %s is not announced", e)
		}
	}
}

// upload_buffer asks for the offset, sends the rest in chunks, and leaves
// retries to its caller.
func parityUploadBuffer(t *testing.T) {
	t.Parallel()
	srv, c := parityServer(t, testserver.Config{})
	data := content(10)
	reply, err := c.Create(t.Context(), protocol.Creation{Length: protocol.Known(10)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	url := reply.State.Location
	opts := &client.UploadOptions{ChunkSize: 4, Retry: retry.Never}

	srv.ResetRequests()
	srv.Inject(patch(testserver.CutAfter(3)))
	res, err := c.Resume(t.Context(), url, readerAt(t, data), opts)
	if err == nil || res.URL != url {
		t.Errorf("error %v, URL %q; want an error and the URL", err, res.URL)
	}
	checkRequests(t, srv, "HEAD PATCH@0")

	srv.ResetRequests()
	if _, err = c.Resume(t.Context(), url, readerAt(t, data), opts); err != nil {
		t.Fatal(err)
	}
	checkRequests(t, srv, "HEAD PATCH@3 PATCH@7")
	checkStored(t, srv, url, data)

	srv.ResetRequests()
	if _, err = c.Resume(t.Context(), url, readerAt(t, data), opts); err != nil {
		t.Fatal(err)
	}
	checkRequests(t, srv, "HEAD")

	if _, err = c.Resume(t.Context(), url, readerAt(t, data[:9]), opts); !errors.Is(err, client.ErrLengthMismatch) {
		t.Errorf("error %v, want a length mismatch", err)
	}
}

func parityUploadMultiple(t *testing.T) {
	t.Parallel()
	srv, c := parityServer(t, testserver.Config{})
	srv.Inject(patch(testserver.CutAfter(50)))
	data := content(1000)
	want := protocol.Metadata{"filename": "whole"}
	res, err := c.UploadConcat(t.Context(),
		[]client.Source{readerAt(t, data[:100]), readerAt(t, data[100:100]), readerAt(t, data[100:700]), readerAt(t, data[700:])},
		&client.ConcatOptions{Metadata: want, ChunkSize: 256},
	)
	if err != nil {
		t.Fatal(err)
	}
	checkStored(t, srv, res.URL, data)
	final, err := srv.Info(res.URL)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, final.Metadata); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	if !final.Final || len(final.Parts) != 4 {
		t.Errorf("the server has %+v, want an upload of 4 parts", final)
	}
	for _, url := range final.Parts {
		part, err := srv.Info(url)
		if err != nil {
			t.Fatal(err)
		}
		if !part.Partial || len(part.Metadata) != 0 {
			t.Errorf("part %+v, want it partial and without metadata", part)
		}
	}
}

// When all goroutines of the bubble wait, all parts that can be sent at the same time are
// being sent.
func parityParallelUploads(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        string
		concurrency int
		want        int
	}{
		{name: "default", want: 3},
		{name: "two", concurrency: 2, want: 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				arrived := make(chan struct{}, 10)
				release := make(chan struct{})
				srv, c := parityServer(t, testserver.Config{
					Network: testserver.NewNetwork(),
					Wrap: func(next http.Handler) http.Handler {
						return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
							// A small part is sent with its creation.
							if r.Method == http.MethodPost && r.ContentLength > 0 {
								arrived <- struct{}{}
								<-release
							}
							next.ServeHTTP(w, r)
						})
					},
				})
				var sources []client.Source
				for range 7 {
					sources = append(sources, readerAt(t, content(10)))
				}
				done := make(chan error, 1)
				go func() {
					_, err := c.UploadConcat(t.Context(), sources, &client.ConcatOptions{Concurrency: tt.concurrency})
					done <- err
				}()
				synctest.Wait()
				if n := len(arrived); n != tt.want {
					t.Errorf("%d parts at the same time, want %d", n, tt.want)
				}
				close(release)
				if err := <-done; err != nil {
					t.Error(err)
				}
				srv.Close()
			})
		})
	}
}

func parityNoConcatenation(t *testing.T) {
	t.Parallel()
	srv, c := parityServer(t, testserver.Config{DisableConcatenation: true})
	_, err := c.UploadConcat(t.Context(), []client.Source{readerAt(t, content(1))}, nil)
	if !errors.Is(err, client.ErrUnsupported) {
		t.Errorf("error %v, want unsupported", err)
	}
	checkRequests(t, srv, "OPTIONS")
}
