package client_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

var errStop = errors.New("stop")

// times is the same action n times.
func times(n int, a fake.Action) []fake.Action {
	list := make([]fake.Action, n)
	for i := range list {
		list[i] = a
	}
	return list
}

// Bytes that arrive damaged are sent again, three times without progress.
func TestChecksumDamaged(t *testing.T) {
	const first, second, third = "PATCH /files/1 0+4 sha1", "PATCH /files/1 4+4 sha1", "PATCH /files/1 8+2 sha1"
	again := func(patch string, n int) []string {
		list := []string{patch}
		for range n {
			list = append(list, head, patch)
		}
		return list
	}
	rustus := fake.Status(http.StatusExpectationFailed, "")
	tests := map[string]struct {
		patch []fake.Action
		want  [][]string
		is    error // nil: all is well
	}{
		"once":        {times(1, fake.Damage), [][]string{again(first, 1), {second, third}}, nil},
		"three times": {times(3, fake.Damage), [][]string{again(first, 3), {second, third}}, nil},
		"four times":  {times(4, fake.Damage), [][]string{again(first, 3)}, protocol.ErrChecksumMismatch},
		"three times each": {
			append(append(times(3, fake.Damage), nil), times(3, fake.Damage)...),
			[][]string{again(first, 3), again(second, 3), {third}},
			nil,
		},
		"as rustus says it":             {times(3, rustus), [][]string{again(first, 3), {second, third}}, nil},
		"four times, as rustus says it": {times(4, rustus), [][]string{again(first, 3)}, protocol.ErrChecksumMismatch},
		"the last bytes":                {[]fake.Action{nil, nil, fake.Damage}, [][]string{{first, second}, again(third, 1)}, nil},
		"cut":                           {[]fake.Action{fake.Cut(3)}, [][]string{{"PATCH /files/1 0+3 sha1", head, first, second, third}}, nil},
		"answer lost":                   {[]fake.Action{fake.Lose}, [][]string{{first, head, second, third}}, nil},
		"algorithm refused":             {times(1, fake.Status(400, "ERR_UNSUPPORTED_CHECKSUM_ALGORITHM: no\n")), [][]string{{first}}, protocol.ErrBadRequest},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := checking(t, "sha1")
				s.On(http.MethodPatch, test.patch...)
				c := newClient(t, s, client.Config{Checksum: "sha1", ChunkSize: 4})
				data := noise(10)
				res, err := c.Upload(t.Context(), text(t, data), nil)
				want := []string{ask, post}
				for _, list := range test.want {
					want = append(want, list...)
				}
				wantSeen(t, s, want...)
				if test.is != nil {
					wantIs(t, err, test.is)
					wantStored(t, s, res.URL, "")
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				wantStored(t, s, res.URL, data)
				if res.Sent < int64(len(data)) {
					t.Errorf("%d bytes sent", res.Sent)
				}
			})
		})
	}
}

// To a request without a checksum, 417 says nothing about damage.
func TestExpectationFailed(t *testing.T) {
	s := fake.New(t, fake.Config{})
	s.On(http.MethodPatch, fake.Status(http.StatusExpectationFailed, ""))
	_, err := newClient(t, s, client.Config{}).Upload(t.Context(), text(t, "bytes"), nil)
	wantIs(t, err, protocol.ErrExpectationFailed)
	if class := facts(t, err).Class; class != client.ClassFinal {
		t.Errorf("class %v", class)
	}
	wantSeen(t, s, post, "PATCH /files/1 0+5")
}

// Each part is checked, and sent again by itself.
func TestChecksumOfParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := checking(t, "crc32")
		s.On(http.MethodPatch, fake.Damage, fake.Damage)
		c := newClient(t, s, client.Config{Checksum: "auto"})
		data := noise(4 << 20)
		res, err := c.Upload(t.Context(), text(t, data), &client.UploadOptions{Parallel: 2})
		if err != nil {
			t.Fatal(err)
		}
		wantStored(t, s, res.URL, data)
		patches := 0
		for _, r := range s.Seen() {
			if strings.HasPrefix(r, "PATCH") {
				if patches++; !strings.HasSuffix(r, "+2097152 crc32") {
					t.Errorf("request %s", r)
				}
			}
		}
		if patches != 4 || res.Retries != 2 {
			t.Errorf("%d requests with bytes, %d retries", patches, res.Retries)
		}
	})
}

// What changes between its sum and its sending is refused by the server. A file
// is then seen to have changed; what cannot be looked at is sent as it is now.
func TestChecksumSourceChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := checking(t, "sha1")
		c := newClient(t, s, client.Config{Checksum: "auto"})
		name := write(t, "bytes")
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
		_, err := c.Upload(t.Context(), path(t, name), nil)
		wantIs(t, err, client.ErrSourceChanged)
		wantSeen(t, s, ask, post, "PATCH /files/1 0+5 sha1", head)
	})
	synctest.Test(t, func(t *testing.T) {
		s := checking(t, "sha1")
		c := newClient(t, s, client.Config{Checksum: "auto"})
		src, err := client.ReaderAt(&turning{first: "bytes", later: "BYTES"}, 5)
		if err != nil {
			t.Fatal(err)
		}
		res, err := c.Upload(t.Context(), src, nil)
		if err != nil {
			t.Fatal(err)
		}
		const patch = "PATCH /files/1 0+5 sha1"
		wantSeen(t, s, ask, post, patch, head, patch)
		wantStored(t, s, res.URL, "BYTES")
	})
}

// turning has other bytes once its first ones were read.
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

// What lacks bytes is found to do so before any of them is sent.
func TestChecksumSourceShort(t *testing.T) {
	s := checking(t, "sha1")
	c := newClient(t, s, client.Config{Checksum: "auto"})
	src, err := client.ReaderAt(strings.NewReader("byte"), 5)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Upload(t.Context(), src, nil)
	wantIs(t, err, client.ErrSource, client.ErrSourceChanged)
	wantSeen(t, s, ask, post)
}

// A chunk that is summed for long does not keep an upload that was cancelled.
func TestChecksumCancelled(t *testing.T) {
	s := checking(t, "crc32")
	const size = 64 << 20
	c := newClient(t, s, client.Config{Checksum: "auto", ChunkSize: size})
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	r := &cancelling{ReaderAt: bytes.NewReader(make([]byte, size)), after: 1, cancel: func() { cancel(errStop) }}
	src, err := client.ReaderAt(r, size)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Upload(ctx, src, nil)
	wantIs(t, err, errStop)
	wantSeen(t, s, ask, post)
	if n := r.read.Load(); n > size/2 {
		t.Errorf("%d bytes read", n)
	}
}

// cancelling cancels an upload once so many bytes were read.
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
