package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/filestore"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/client/internal/fake/object"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// quick retries n times without a wait.
func quick(n int) retry.Policy { return retry.Delays(make([]time.Duration, n)...) }

func rangedClient(t *testing.T, s *fake.Server, cfg client.Config) *client.Client {
	t.Helper()
	cfg.Endpoint = s.URL
	if cfg.ChunkSize == 0 {
		cfg.ChunkSize = clienttest.MiB
	}
	c, err := client.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Each request of the upload reads its range by one GET, and nothing else is read.
func TestRangedReadsEachRangeOnce(t *testing.T) {
	data := clienttest.Noise(objectSize)
	o := object.New(t, data)
	s := clienttest.NewTCPServer(t, fake.Config{})
	res, err := rangedClient(t, s, client.Config{}).Upload(t.Context(), sourceOf(t, o), nil)
	if err != nil {
		t.Fatal(err)
	}
	clienttest.WantStored(t, s, res.URL, data)
	if diff := cmp.Diff(chunked(objectSize, clienttest.MiB), o.Ranges(0)); diff != "" {
		t.Errorf("ranges (-want +got):\n%s", diff)
	}
}

// An object store that fails is asked again for what the server lacks, under the policy of the
// upload. No wrong byte is sent.
func TestRangedFaults(t *testing.T) {
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	type faults func(o *object.Server) []http.HandlerFunc
	tests := map[string]struct {
		faults faults
		retry  retry.Policy
		is     []error // nil: the upload is complete
	}{
		"503":          {func(*object.Server) []http.HandlerFunc { return []http.HandlerFunc{nil, status(503)} }, quick(1), nil},
		"503 at first": {func(*object.Server) []http.HandlerFunc { return []http.HandlerFunc{status(503)} }, quick(1), nil},
		// On a busy machine the server may answer HEAD before it sees the bytes of the request that
		// broke off. The next PATCH is then refused once.
		"connection lost": {func(o *object.Server) []http.HandlerFunc { return []http.HandlerFunc{nil, o.CutAfter(100_000)} }, quick(2), nil},
		"lost before the first byte": {func(*object.Server) []http.HandlerFunc {
			return []http.HandlerFunc{nil, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }}
		}, quick(1), nil},
		"lost again and again, with progress": {func(o *object.Server) []http.HandlerFunc {
			return []http.HandlerFunc{o.CutAfter(900_000), o.CutAfter(900_000), o.CutAfter(900_000), o.CutAfter(900_000)}
		}, quick(2), nil},
		"range ignored": {func(o *object.Server) []http.HandlerFunc {
			return []http.HandlerFunc{nil, func(w http.ResponseWriter, r *http.Request) {
				r.Header.Del("Range")
				o.Serve(w, r)
			}}
		}, quick(1), nil},
		"another range": {func(o *object.Server) []http.HandlerFunc {
			return []http.HandlerFunc{nil, func(w http.ResponseWriter, r *http.Request) {
				r.Header.Set("Range", "bytes=0-1048575")
				o.Serve(w, r)
			}}
		}, quick(1), nil},
		"shorter range": {func(o *object.Server) []http.HandlerFunc {
			return []http.HandlerFunc{nil, func(w http.ResponseWriter, r *http.Request) {
				r.Header.Set("Range", "bytes=1048576-1048676")
				o.Serve(w, r)
			}}
		}, quick(2), nil},
		"server does not come back": {func(*object.Server) []http.HandlerFunc {
			return []http.HandlerFunc{nil, status(503), status(503), status(503)}
		}, quick(2), []error{client.ErrSource, client.ErrSourceUnavailable, retry.ErrExhausted}},
		"no retries": {func(*object.Server) []http.HandlerFunc {
			return []http.HandlerFunc{nil, status(503)}
		}, retry.Never, []error{client.ErrSource, client.ErrSourceUnavailable}},
		"changed": {func(o *object.Server) []http.HandlerFunc {
			return []http.HandlerFunc{nil, func(w http.ResponseWriter, r *http.Request) {
				o.Replace(clienttest.Noise(objectSize)[1:] + "x")
				o.Serve(w, r)
			}}
		}, quick(5), []error{client.ErrSource, client.ErrSourceChanged}},
		"changed after a connection was lost": {func(o *object.Server) []http.HandlerFunc {
			return []http.HandlerFunc{nil, func(w http.ResponseWriter, r *http.Request) {
				defer o.Replace(clienttest.Noise(objectSize)[1:] + "x")
				o.CutAfter(100_000)(w, r)
			}}
		}, quick(5), []error{client.ErrSource, client.ErrSourceChanged}},
		"changed, and the precondition is ignored": {func(o *object.Server) []http.HandlerFunc {
			return []http.HandlerFunc{nil, func(w http.ResponseWriter, r *http.Request) {
				r.Header.Del("If-Match")
				o.Replace(clienttest.Noise(objectSize)[1:] + "x")
				o.Serve(w, r)
			}}
		}, quick(5), []error{client.ErrSource, client.ErrSourceChanged}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			data := clienttest.Noise(objectSize)
			o := object.New(t, data)
			src := sourceOf(t, o)
			o.On(test.faults(o)...)
			s := clienttest.NewTCPServer(t, fake.Config{})
			res, err := rangedClient(t, s, client.Config{Retry: test.retry}).Upload(t.Context(), src, nil)
			if test.is == nil {
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, data)
				if slices.Equal(o.Ranges(0), chunked(objectSize, clienttest.MiB)) {
					t.Error("the object was not read a second time")
				}
				return
			}
			clienttest.WantErrorIs(t, err, test.is...)
			if res.URL == "" {
				return
			}
			got := string(s.Bytes(res.URL))
			if errors.Is(err, client.ErrSourceChanged) {
				if got != "" {
					t.Errorf("the server still has %d bytes of an upload that cannot be completed", len(got))
				}
				return
			}
			if !strings.HasPrefix(data, got) || len(got) < clienttest.MiB {
				t.Errorf("the server has %d bytes, which differ from the beginning of the object", len(got))
			}
		})
	}
}

// An upload of an object is resumed by another Client, from its record, and reads only what the
// server lacks. Another version of the object starts over and says why.
func TestRangedResumes(t *testing.T) {
	for _, parallel := range []int{1, 4} {
		data := clienttest.Noise(objectSize)
		o := object.New(t, data)
		s := clienttest.NewTCPServer(t, fake.Config{})
		dir := t.TempDir()
		upload := func(events *[]client.Event) (*client.Result, error) {
			store, err := filestore.New(dir)
			if err != nil {
				t.Fatal(err)
			}
			c := rangedClient(t, s, client.Config{Store: store, Retry: retry.Never})
			return c.Upload(t.Context(), sourceOf(t, o), &client.UploadOptions{Parallel: parallel, OnEvent: clienttest.RecordEvents(events)})
		}
		interrupt := func() {
			var events []client.Event
			o.On(nil, nil, nil, nil, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
			if _, err := upload(&events); !errors.Is(err, client.ErrSourceUnavailable) {
				t.Fatalf("parallel %d: error %v, want ErrSourceUnavailable", parallel, err)
			}
		}
		interrupt()
		before := len(o.Ranges(0))
		var events []client.Event
		res, err := upload(&events)
		if err != nil {
			t.Fatalf("parallel %d: %v", parallel, err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		if read := bytesIn(t, o.Ranges(before)); res.Resumed < clienttest.MiB || read != objectSize-res.Resumed {
			t.Errorf("parallel %d: resumed %d bytes, read %d of %d, want Resumed at least %v and %v", parallel, res.Resumed, read, objectSize, clienttest.MiB, objectSize-res.Resumed)
		}

		interrupt()
		o.Replace(data + "x")
		if res, err = upload(&events); err != nil {
			t.Fatalf("parallel %d: %v", parallel, err)
		}
		clienttest.WantStored(t, s, res.URL, data+"x")
		if reasons := restarts(events); len(reasons) != 1 || !errors.Is(reasons[0], client.ErrSourceChanged) {
			t.Errorf("parallel %d: restarts %v, want 1 of them and ErrSourceChanged", parallel, reasons)
		}
	}
}

// An object that was sent before is skipped without reading it, until it has another version.
func TestRangedSkipped(t *testing.T) {
	data := clienttest.Noise(clienttest.RecordedSize)
	o := object.New(t, data)
	s := clienttest.NewTCPServer(t, fake.Config{})
	c := rangedClient(t, s, client.Config{Ledger: new(client.MemoryStore)})
	first, err := c.Upload(t.Context(), sourceOf(t, o), nil)
	if err != nil {
		t.Fatal(err)
	}
	read := len(o.Ranges(0))
	res, err := c.Upload(t.Context(), sourceOf(t, o), nil)
	if err != nil || !res.Skipped || res.URL != first.URL {
		t.Errorf("result %+v, error %v, want it skipped", res, err)
	}
	if again := o.Ranges(read); len(again) > 0 {
		t.Errorf("read %q of a skipped object, want none", again)
	}
	o.Replace(data)
	if res, err = c.Upload(t.Context(), sourceOf(t, o), nil); err != nil || res.Skipped {
		t.Errorf("result %+v, error %v, want the other version sent", res, err)
	}
}

// An object in parts is read by one GET for each part.
func TestRangedInParts(t *testing.T) {
	data := clienttest.Noise(objectSize)
	o := object.New(t, data)
	s := clienttest.NewTCPServer(t, fake.Config{})
	c := rangedClient(t, s, client.Config{ChunkSize: objectSize})
	res, err := c.Upload(t.Context(), sourceOf(t, o), &client.UploadOptions{Parallel: 4})
	if err != nil {
		t.Fatal(err)
	}
	clienttest.WantStored(t, s, res.URL, data)
	if len(res.Parts) != 4 || len(o.Ranges(0)) != 4 {
		t.Errorf("%d parts, read %q, want 4 in Parts and 4 of them", len(res.Parts), o.Ranges(0))
	}
}

// The server checks each request of an object, and the whole object is compared after the
// upload.
func TestRangedChecked(t *testing.T) {
	data := clienttest.Noise(objectSize)
	o := object.New(t, data)
	s := clienttest.NewTCPServer(t, fake.Config{
		Content: true, Checksum: []string{"sha1"},
		Extensions: []protocol.Extension{protocol.ExtensionCreation, protocol.ExtensionChecksum},
	})
	c := rangedClient(t, s, client.Config{Checksum: "sha1"})
	res, err := c.Upload(t.Context(), sourceOf(t, o), &client.UploadOptions{Verify: true})
	if err != nil {
		t.Fatal(err)
	}
	clienttest.WantStored(t, s, res.URL, data)
	if !res.Verified {
		t.Errorf("result %+v, want it verified", res)
	}
}

// A reader that waits does not count as a stall of the tus server, and ends with the upload.
func TestRangedWaits(t *testing.T) {
	open := func(d time.Duration) func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
		return func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
			select {
			case <-time.After(d):
				return io.NopCloser(strings.NewReader("hello"[offset : offset+length])), nil
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
		}
	}
	upload := func(t *testing.T, ctx context.Context, d time.Duration) error {
		t.Helper()
		src, err := source.NewRanged(source.Ranged{Size: 5, Open: open(d)})
		if err != nil {
			t.Fatal(err)
		}
		s := fake.New(t, fake.Config{})
		_, err = clienttest.NewClient(t, s, client.Config{Retry: retry.Never, ChunkSize: 5, StallTimeout: 10 * time.Second}).Upload(ctx, src, nil)
		return err
	}
	t.Run("longer than a stall", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			if err := upload(t, t.Context(), time.Minute); err != nil {
				t.Error(err)
			}
		})
	})
	t.Run("until the upload is canceled", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errObject)
			defer cancel()
			began := time.Now()
			clienttest.WantErrorIs(t, upload(t, ctx, time.Hour), errObject)
			if d := time.Since(began); d > 2*time.Second {
				t.Errorf("ended after %v, want at most %v", d, 2*time.Second)
			}
		})
	})
}
