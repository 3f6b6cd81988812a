package client_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// Bytes that arrive damaged are sent again, at most three times without progress.
func TestChecksumDamaged(t *testing.T) {
	const first, second, third = "PATCH /files/1 0+4 sha1", "PATCH /files/1 4+4 sha1", "PATCH /files/1 8+2 sha1"
	again := func(patch string, n int) []string {
		list := []string{patch}
		for range n {
			list = append(list, clienttest.Head, patch)
		}
		return list
	}
	rustus := fake.Status(http.StatusExpectationFailed, "")
	tests := map[string]struct {
		patch []fake.Action
		want  [][]string
		is    error // nil: the upload succeeds
	}{
		"once":        {clienttest.Repeat(1, fake.Damage), [][]string{again(first, 1), {second, third}}, nil},
		"three times": {clienttest.Repeat(3, fake.Damage), [][]string{again(first, 3), {second, third}}, nil},
		"four times":  {clienttest.Repeat(4, fake.Damage), [][]string{again(first, 3)}, protocol.ErrChecksumMismatch},
		"three times each": {
			append(append(clienttest.Repeat(3, fake.Damage), nil), clienttest.Repeat(3, fake.Damage)...),
			[][]string{again(first, 3), again(second, 3), {third}},
			nil,
		},
		"as rustus says it":             {clienttest.Repeat(3, rustus), [][]string{again(first, 3), {second, third}}, nil},
		"four times, as rustus says it": {clienttest.Repeat(4, rustus), [][]string{again(first, 3)}, protocol.ErrChecksumMismatch},
		"the last bytes":                {[]fake.Action{nil, nil, fake.Damage}, [][]string{{first, second}, again(third, 1)}, nil},
		"cut":                           {[]fake.Action{fake.Cut(3)}, [][]string{{"PATCH /files/1 0+3 sha1", clienttest.Head, first, second, third}}, nil},
		"answer lost":                   {[]fake.Action{fake.Lose}, [][]string{{first, clienttest.Head, second, third}}, nil},
		"algorithm refused":             {clienttest.Repeat(1, fake.Status(400, "ERR_UNSUPPORTED_CHECKSUM_ALGORITHM: no\n")), [][]string{{first}}, protocol.ErrBadRequest},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := clienttest.NewChecksumServer(t, "sha1")
				s.On(http.MethodPatch, test.patch...)
				c := clienttest.NewClient(t, s, client.Config{Checksum: "sha1", ChunkSize: 4})
				data := clienttest.Noise(10)
				res, err := c.Upload(t.Context(), clienttest.TextSource(t, data), nil)
				want := []string{clienttest.Options, clienttest.Post}
				for _, list := range test.want {
					want = append(want, list...)
				}
				clienttest.WantRequests(t, s, want...)
				if test.is != nil {
					clienttest.WantErrorIs(t, err, test.is)
					clienttest.WantStored(t, s, res.URL, "")
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, data)
				if res.Sent < int64(len(data)) {
					t.Errorf("%d bytes sent, want at least %v", res.Sent, int64(len(data)))
				}
			})
		})
	}
}

// A 417 to a request without a checksum does not mean that bytes were damaged.
func TestExpectationFailed(t *testing.T) {
	s := fake.New(t, fake.Config{})
	s.On(http.MethodPatch, fake.Status(http.StatusExpectationFailed, ""))
	_, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, "bytes"), nil)
	clienttest.WantErrorIs(t, err, protocol.ErrExpectationFailed)
	if class := clienttest.ErrorOf(t, err).Class; class != client.ClassFinal {
		t.Errorf("class %v, want %v", class, client.ClassFinal)
	}
	clienttest.WantRequests(t, s, clienttest.Post, "PATCH /files/1 0+5")
}

// Each part has its own checksum, and only a damaged part is sent again.
func TestChecksumOfParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := clienttest.NewChecksumServer(t, "crc32")
		s.On(http.MethodPatch, fake.Damage, fake.Damage)
		c := clienttest.NewClient(t, s, client.Config{Checksum: "auto"})
		data := clienttest.Noise(4 << 20)
		res, err := c.Upload(t.Context(), clienttest.TextSource(t, data), &client.UploadOptions{Parallel: 2})
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		patches := 0
		for _, r := range s.Seen() {
			if strings.HasPrefix(r, "PATCH") {
				if patches++; !strings.HasSuffix(r, "+2097152 crc32") {
					t.Errorf("request %s, want the suffix %q", r, "+2097152 crc32")
				}
			}
		}
		if patches != 4 || res.Retries != 2 {
			t.Errorf("%d requests with bytes, %d retries, want 4 and Retries 2", patches, res.Retries)
		}
	})
}

// The server refuses bytes that changed after their checksum was computed. A file is then
// reported as changed. Another source is sent again with its new bytes.
func TestChecksumSourceChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := clienttest.NewChecksumServer(t, "sha1")
		c := clienttest.NewClient(t, s, client.Config{Checksum: "auto"})
		name := clienttest.WriteFile(t, "bytes")
		s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			synctest.Wait() // the client has sent all, and waits for the answer
			if err := os.WriteFile(name, []byte("BYTES"), 0o600); err != nil {
				t.Error(err)
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			fake.Damage(w, r, next)
		})
		_, err := c.Upload(t.Context(), clienttest.PathSource(t, name), nil)
		clienttest.WantErrorIs(t, err, client.ErrSourceChanged)
		clienttest.WantRequests(t, s, clienttest.Options, clienttest.Post, "PATCH /files/1 0+5 sha1", clienttest.Head, "DELETE /files/1")
	})
	synctest.Test(t, func(t *testing.T) {
		s := clienttest.NewChecksumServer(t, "sha1")
		c := clienttest.NewClient(t, s, client.Config{Checksum: "auto"})
		src, err := client.ReaderAt(&turning{first: "bytes", later: "BYTES"}, 5)
		if err != nil {
			t.Fatal(err)
		}
		res, err := c.Upload(t.Context(), src, nil)
		if err != nil {
			t.Fatal(err)
		}
		const patch = "PATCH /files/1 0+5 sha1"
		clienttest.WantRequests(t, s, clienttest.Options, clienttest.Post, patch, clienttest.Head, patch)
		clienttest.WantStored(t, s, res.URL, "BYTES")
	})
}

// turning returns other bytes after its first Read.
type turning struct {
	first, later string
	read         atomic.Bool
}

func (r *turning) ReadAt(p []byte, off int64) (int, error) {
	data := r.first
	if r.read.Swap(true) {
		data = r.later
	}
	return strings.NewReader(data).ReadAt(p, off)
}

// A source that is too short fails while the checksum is computed, before bytes are sent.
func TestChecksumSourceShort(t *testing.T) {
	s := clienttest.NewChecksumServer(t, "sha1")
	c := clienttest.NewClient(t, s, client.Config{Checksum: "auto"})
	src, err := client.ReaderAt(strings.NewReader("byte"), 5)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Upload(t.Context(), src, nil)
	clienttest.WantErrorIs(t, err, client.ErrSource, client.ErrSourceChanged)
	clienttest.WantRequests(t, s, clienttest.Options, clienttest.Post, "DELETE /files/1")
}

// Cancellation ends the computation of a checksum.
func TestChecksumCancelled(t *testing.T) {
	s := clienttest.NewChecksumServer(t, "crc32")
	const size = 64 << 20
	c := clienttest.NewClient(t, s, client.Config{Checksum: "auto", ChunkSize: size})
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	r := &cancelling{ReaderAt: bytes.NewReader(make([]byte, size)), after: 1, cancel: func() { cancel(clienttest.ErrStop) }}
	src, err := client.ReaderAt(r, size)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Upload(ctx, src, nil)
	clienttest.WantErrorIs(t, err, clienttest.ErrStop)
	clienttest.WantRequests(t, s, clienttest.Options, clienttest.Post)
	if n := r.read.Load(); n > size/2 {
		t.Errorf("%d bytes read, want at most %v", n, size/2)
	}
}

// cancelling cancels an upload when a number of bytes was read.
type cancelling struct {
	io.ReaderAt
	after  int64
	cancel func()
	read   atomic.Int64
}

func (r *cancelling) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.ReaderAt.ReadAt(p, off)
	if r.read.Add(int64(n)) >= r.after {
		r.cancel()
	}
	return n, err
}
