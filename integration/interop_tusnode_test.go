package integration

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

// Each kind of upload works with @tus/server, the server by the authors of the protocol,
// with the expected requests. OPTIONS is not listed.
func TestTusNode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		size    int
		stream  bool // of unknown length
		learn   bool // the features of the server are known before the upload
		config  client.Config
		options client.UploadOptions
		want    string
	}{
		{name: "empty", size: 0, want: "POST"},
		{name: "one byte", size: 1, want: "POST PATCH@0"},
		{name: "large", size: 24*mib + 1, want: "POST PATCH@0"},
		{name: "chunks", size: 5 * mib, config: client.Config{ChunkSize: 2 * mib}, want: "POST PATCH@0 PATCH@2097152 PATCH@4194304"},
		{name: "with the creation", size: small, learn: true, want: "POST"},
		{name: "empty, server known", size: 0, learn: true, want: "POST"},
		// The server does not support concatenation.
		{name: "in parts", size: 8 * mib, options: client.UploadOptions{Parallel: 4}, want: "POST PATCH@0"},
		{name: "checksum where there is one", size: small, config: client.Config{Checksum: client.ChecksumAuto}, want: "POST"},
		{name: "length declared late", size: 3*mib + 1, stream: true, config: client.Config{ChunkSize: mib}, want: "POST PATCH@0 PATCH@1048576 PATCH@2097152 PATCH@3145728"},
		{name: "length declared late, empty", size: 0, stream: true, want: "POST"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := startTusNode(t, tusNodeOptions{})
			cfg := tt.config
			cfg.Endpoint, cfg.Doer, cfg.Retry = server.url, doers[0].new(t), quick
			c := newClient(t, cfg)
			if tt.learn {
				if err := c.Learn(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			data := content(tt.size)
			src := readerAt(t, data)
			if tt.stream {
				src = client.Stream(iotest.HalfReader(bytes.NewReader(data)), nil)
			}
			res, err := c.Upload(t.Context(), src, &tt.options)
			if err != nil {
				t.Fatal(err)
			}
			server.check(t, res.URL, data)
			if length, ok := res.Length.Int64(); res.Offset != int64(tt.size) || !ok || length != int64(tt.size) || res.Retries != 0 {
				t.Errorf("result %+v", res)
			}
			got := strings.ReplaceAll(strings.Join(server.requests(t), " "), "OPTIONS ", "")
			if got != tt.want {
				t.Errorf("requests %s, want %s", got, tt.want)
			}
		})
	}
}

// The server accepts only values with padding and keys in ASCII. It reads values as
// UTF-8, and does not return the original bytes of other values.
func TestTusNodeMetadata(t *testing.T) {
	t.Parallel()
	server := startTusNode(t, tusNodeOptions{})
	c := newClient(t, client.Config{Endpoint: server.url, Doer: doers[0].new(t), Retry: quick})
	upload := func(m protocol.Metadata) (*client.Result, error) {
		return c.Upload(t.Context(), readerAt(t, content(1)), &client.UploadOptions{Metadata: m})
	}
	sent := protocol.Metadata{
		"empty": "", "one": "1", "two": "22", "three": "333", "Case": "X", "case": "x",
		"unicode": "слон 🐘\x00\n", "a;b=c/d": "+/=", "long": strings.Repeat("🐘", 400), "bytes": "a\xff",
	}
	res, err := upload(sent)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Metadata(t.Context(), res.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	sent["bytes"] = "a\ufffd"
	if diff := cmp.Diff(sent, got); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}

	if _, err := upload(protocol.Metadata{"ключ": "x"}); !errors.Is(err, protocol.ErrInvalidMetadata) {
		t.Errorf("error %v for a key that is not ASCII", err)
	}
	// The server reports such a key as a duplicate.
	res, err = upload(protocol.Metadata{"constructor": "x"})
	e, ok := errors.AsType[*client.Error](err)
	if !ok || e.StatusCode != http.StatusBadRequest || e.Body != "Invalid upload-metadata\n" || res.Retries != 0 {
		t.Errorf("error %v, result %+v", err, res)
	}
	if got := strings.Join(server.requests(t), " "); got != "POST PATCH@0 HEAD POST" {
		t.Errorf("requests %s", got)
	}
}

// The error has the text of the server, and a final refusal is not retried.
func TestTusNodeRefusals(t *testing.T) {
	t.Parallel()
	server := startTusNode(t, tusNodeOptions{MaxSize: mib})
	c := newClient(t, client.Config{Endpoint: server.url, Doer: doers[0].new(t), Retry: quick, Locked: quick})
	tests := []struct {
		name   string
		call   func() error
		err    error
		status int
		body   string
	}{
		{
			name: "too large", err: protocol.ErrTooLarge, status: http.StatusRequestEntityTooLarge, body: "Maximum size exceeded\n",
			call: func() error {
				_, err := c.Upload(t.Context(), readerAt(t, content(mib+1)), nil)
				return err
			},
		},
		{
			name: "unknown", err: protocol.ErrNotFound, status: http.StatusNotFound, // an answer to HEAD has no body
			call: func() error {
				_, err := c.Resume(t.Context(), server.url+"/nothing", readerAt(t, content(1)), nil)
				return err
			},
		},
		{
			name: "concatenation", err: protocol.ErrNotImplemented, status: http.StatusNotImplemented,
			body: "Concatenation extension is not (yet) supported. Disable parallel uploads in the tus client.\n",
			call: func() error {
				_, err := c.Concat(t.Context(), []string{server.url + "/a", server.url + "/b"}, nil, nil)
				return err
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.call()
			e, ok := errors.AsType[*client.Error](err)
			if !errors.Is(err, tt.err) || !ok || e.StatusCode != tt.status || e.Body != tt.body {
				t.Errorf("error %v", err)
			}
		})
	}
	if got := strings.Join(server.requests(t), " "); got != "POST HEAD POST" {
		t.Errorf("requests %s", got)
	}
}

// The server announces when an upload expires, and the upload is gone after that.
func TestTusNodeExpires(t *testing.T) {
	t.Parallel()
	server := startTusNode(t, tusNodeOptions{Expiration: int(time.Hour / time.Millisecond)})
	c := newClient(t, client.Config{Endpoint: server.url, Doer: doers[0].new(t), Retry: quick})
	before := time.Now().Truncate(time.Second)
	data := content(2 * mib)
	created, err := c.Create(t.Context(), protocol.Creation{Length: protocol.Known(int64(len(data)))}, nil)
	if err != nil {
		t.Fatal(err)
	}
	url, expires := created.State.Location, created.State.Expires
	if expires.Before(before.Add(time.Hour)) || expires.After(time.Now().Add(time.Hour)) {
		t.Errorf("expires at %v, created after %v", expires, before)
	}
	// Each upload now expires after a millisecond.
	server.stop(t)
	server.options.Expiration = 1
	server.start(t)
	res, err := c.Resume(t.Context(), url, readerAt(t, data), nil)
	if !errors.Is(err, protocol.ErrGone) || res.Retries != 0 {
		t.Errorf("error %v, result %+v", err, res)
	}
}

// An upload that the server has deleted is created again if there is a record of
// it.
func TestTusNodeRecreates(t *testing.T) {
	t.Parallel()
	server := startTusNode(t, tusNodeOptions{})
	var store client.MemoryStore
	cut := newCutter(t, hostOf(t, server.url), mib, true)
	data := content(4 * mib)
	name := filepath.Join(t.TempDir(), "elephant.mp4")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	doer := dialing(t, cut.listener.Addr().String())
	upload := func(cfg client.Config) (*client.Result, error) {
		src, err := client.Path(name)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Endpoint, cfg.Store = server.url, &store
		return newClient(t, cfg).Upload(t.Context(), src, nil)
	}
	first, err := upload(client.Config{Doer: doer, Retry: retry.Never})
	if err == nil || first.URL == "" {
		t.Fatalf("error %v, result %+v", err, first)
	}
	// The server answers 410 if the bytes of an upload are gone.
	if err := os.Remove(server.file(first.URL)); err != nil {
		t.Fatal(err)
	}
	res, err := upload(client.Config{Doer: doers[0].new(t), Retry: quick})
	if err != nil {
		t.Fatal(err)
	}
	server.check(t, res.URL, data)
	if got, want := server.requests(t), sequence("POST PATCH@0 HEAD POST PATCH@0"); !slices.Equal(got, want) {
		t.Errorf("requests %s, want %s", got, want)
	}
}

// An upload that is terminated is gone.
func TestTusNodeTerminates(t *testing.T) {
	t.Parallel()
	server := startTusNode(t, tusNodeOptions{})
	c := newClient(t, client.Config{Endpoint: server.url, Doer: doers[0].new(t), Retry: quick})
	for _, size := range []int64{0, 10} { // a complete and an incomplete upload
		created, err := c.Create(t.Context(), protocol.Creation{Length: protocol.Known(size)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		url := created.State.Location
		if _, err := c.Terminate(t.Context(), url, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Head(t.Context(), url, nil); !errors.Is(err, protocol.ErrNotFound) {
			t.Errorf("error %v", err)
		}
	}
	if left := server.uploads(t); len(left) > 0 {
		t.Errorf("the server still has uploads: %s", left)
	}
}
