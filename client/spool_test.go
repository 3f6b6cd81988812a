package client_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// needy returns a server without creation-defer-length.
func needy(t *testing.T, more ...protocol.Extension) *fake.Server {
	t.Helper()
	return fake.New(t, fake.Config{Extensions: append([]protocol.Extension{protocol.ExtensionCreation}, more...)})
}

func TestSpool(t *testing.T) {
	const size = 20
	tests := map[string]struct {
		spool int64
		cfg   client.Config
		more  []protocol.Extension
		want  []string // nil: refused
	}{
		"not allowed": {spool: 0},
		"enough":      {spool: 1 << 30, want: []string{clienttest.Post, "PATCH /files/1 0+20"}},
		"just enough": {spool: size, want: []string{clienttest.Post, "PATCH /files/1 0+20"}},
		"one short":   {spool: size - 1},
		"far too little": {
			spool: 1,
		},
		"in chunks": {
			spool: size, cfg: client.Config{ChunkSize: 7},
			want: []string{clienttest.Post, "PATCH /files/1 0+7", "PATCH /files/1 7+7", "PATCH /files/1 14+6"},
		},
		"one request": {
			spool: size, more: []protocol.Extension{protocol.ExtensionCreationWithUpload},
			want: []string{"POST /files/ +20"},
		},
		"not needed": {
			spool: size, more: []protocol.Extension{protocol.ExtensionCreationDeferLength}, cfg: client.Config{ChunkSize: 10},
			want: []string{clienttest.Post, "PATCH /files/1 0+10", "PATCH /files/1 10+10 of 20"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			clienttest.OwnTempDir(t)
			synctest.Test(t, func(t *testing.T) {
				s := needy(t, test.more...)
				data := clienttest.Noise(size)
				var events []client.Event
				res, err := clienttest.NewClient(t, s, test.cfg).Upload(t.Context(), clienttest.SpooledSource(iotest.OneByteReader(clienttest.PlainReader(data)), test.spool),
					&client.UploadOptions{OnEvent: clienttest.RecordEvents(&events)})
				clienttest.WantEventOrder(t, events)
				if test.want == nil {
					clienttest.WantErrorIs(t, err, client.ErrUnsupported)
					if !strings.Contains(err.Error(), "creation-defer-length") {
						t.Errorf("error %q, want %q in it", err, "creation-defer-length")
					}
					// Without a spool, the stream is not read to find out its length.
					if told := strings.Contains(err.Error(), "the length of the stream is not known"); told != (test.spool == 0) {
						t.Errorf("error %q, want the reason: %t", err, test.spool == 0)
					}
					clienttest.WantRequests(t, s, clienttest.Options)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantRequests(t, s, append([]string{clienttest.Options}, test.want...)...)
				clienttest.WantStored(t, s, res.URL, data)
				if !s.State(res.URL).Complete() || res.Length != protocol.Known(size) || res.Offset != size {
					t.Errorf("result %+v, want Complete true, Length %v and Offset %v", res, protocol.Known(size), size)
				}
			})
		})
	}
}

// A stream with a known length, or one that ends within its first chunk, sends no OPTIONS.
func TestNoSpool(t *testing.T) {
	clienttest.OwnTempDir(t)
	tests := map[string]client.Source{
		"within a chunk": clienttest.SpooledSource(strings.NewReader("hell"), 100),
		"nothing":        clienttest.SpooledSource(strings.NewReader(""), 100),
		"length known":   client.Stream(strings.NewReader(clienttest.Noise(100)), &client.StreamOptions{Window: 8, Spool: 100, Length: protocol.Known(100)}),
	}
	for name, src := range tests {
		t.Run(name, func(t *testing.T) {
			s := needy(t)
			if _, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), src, nil); err != nil {
				t.Fatal(err)
			}
			if got := s.Seen(); got[0] != clienttest.Post {
				t.Errorf("requests %q, want [0] %q", got, clienttest.Post)
			}
		})
	}
}

// The spool is open during the upload, and is removed after success and after failure.
func TestSpoolIsTemporary(t *testing.T) {
	tests := map[string]fake.Action{
		"success": nil,
		"failure": fake.Status(403, ""),
	}
	for name, action := range tests {
		t.Run(name, func(t *testing.T) {
			dir := clienttest.OwnTempDir(t)
			s := needy(t)
			s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				left, err := os.ReadDir(dir)
				n, linux := clienttest.OpenSpools()
				if err != nil || linux && n != 1 || !linux && len(left) != 1 {
					t.Errorf("%d temporary files open, %d with a name, %v", n, len(left), err)
				}
				if action != nil {
					action(w, r, next)
					return
				}
				next.ServeHTTP(w, r)
			})
			_, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.SpooledSource(strings.NewReader(clienttest.Noise(20)), 100), nil)
			if (err != nil) != (action != nil) {
				t.Errorf("error %v, want an error: %t", err, action != nil)
			}
		})
	}
}

func TestSpoolFails(t *testing.T) {
	errPipe := errors.New("pipe burst")
	half := strings.Repeat("x", 20)
	tests := map[string]struct {
		src  func(context.Context) io.Reader
		want []error
	}{
		"reader fails": {
			func(context.Context) io.Reader {
				return io.MultiReader(strings.NewReader(half), iotest.ErrReader(errPipe))
			},
			[]error{client.ErrSource, errPipe},
		},
		"cancelled": {
			func(ctx context.Context) io.Reader {
				return io.MultiReader(strings.NewReader(half), clienttest.BlockedReader{Ctx: ctx})
			},
			[]error{context.Canceled, clienttest.ErrUnplugged},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			clienttest.OwnTempDir(t)
			synctest.Test(t, func(t *testing.T) {
				s := needy(t)
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Minute, func() { cancel(clienttest.ErrUnplugged) })
				res, err := clienttest.NewClient(t, s, client.Config{}).Upload(ctx, clienttest.SpooledSource(test.src(ctx), 100), nil)
				clienttest.WantErrorIs(t, err, test.want...)
				clienttest.WantRequests(t, s, clienttest.Options)
				if res.URL != "" || res.Orphans != 0 || res.Retries != 0 {
					t.Errorf("result %+v, want URL \"\", Orphans 0 and Retries 0", res)
				}
			})
		})
	}
}

func TestSpoolWithoutFolder(t *testing.T) {
	clienttest.OwnTempDir(t)
	for _, name := range []string{"TMPDIR", "TMP", "TEMP"} {
		t.Setenv(name, filepath.Join(t.TempDir(), "none"))
	}
	s := needy(t)
	_, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.SpooledSource(strings.NewReader(clienttest.Noise(20)), 100), nil)
	clienttest.WantErrorIs(t, err, client.ErrSource, fs.ErrNotExist)
	clienttest.WantRequests(t, s, clienttest.Options)
}

// A spooled stream can be sent again from any offset.
func TestSpoolIsResumed(t *testing.T) {
	clienttest.OwnTempDir(t)
	synctest.Test(t, func(t *testing.T) {
		s := needy(t)
		data := clienttest.Noise(400)
		s.On(http.MethodPost, fake.Status(503, ""))
		s.On(http.MethodPatch, fake.Cut(300), fake.Cut(100))
		s.On(http.MethodHead, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			s.Truncate(clienttest.Upload1, 1)
			next.ServeHTTP(w, r)
		})
		res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.SpooledSource(clienttest.PlainReader(data), 400), nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		seen := s.Seen()
		wantStart(t, seen, clienttest.Options, clienttest.Post, clienttest.Post)
		if last := seen[len(seen)-1]; last != "PATCH /files/1 101+299" {
			t.Errorf("requests %q, want last %q", seen, "PATCH /files/1 101+299")
		}
	})
}

// wantStart compares the first requests.
func wantStart(t *testing.T, seen []string, want ...string) {
	t.Helper()
	if len(seen) < len(want) || strings.Join(seen[:len(want)], "\n") != strings.Join(want, "\n") {
		t.Errorf("requests %q, want first %q", seen, want)
	}
}

// If OPTIONS does not tell what the server supports, the creation is tried without a length.
func TestSpoolWithoutAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		action fake.Action
		asked  int
	}{
		"not found":         {fake.Status(404, ""), 1},
		"not allowed":       {fake.Status(405, ""), 1},
		"not of tus":        {fake.Status(204, ""), 1},
		"not of tus, a 200": {fake.Status(200, "hello"), 1},
		"busy at first":     {fake.Status(503, ""), 2},
		"lost at first":     {fake.Lose, 2},
	} {
		t.Run(name, func(t *testing.T) {
			clienttest.OwnTempDir(t)
			for _, can := range []bool{true, false} {
				synctest.Test(t, func(t *testing.T) {
					s := needy(t)
					if can {
						s = needy(t, protocol.ExtensionCreationDeferLength)
					}
					s.On(http.MethodOptions, test.action)
					data := clienttest.Noise(20)
					res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.SpooledSource(clienttest.PlainReader(data), 0), nil)
					if got := asked(s); got != test.asked {
						t.Errorf("asked %d times, want %v", got, test.asked)
					}
					switch {
					case can && err != nil:
						t.Fatal(err)
					case can:
						clienttest.WantStored(t, s, res.URL, data)
					case test.asked == 1:
						clienttest.WantErrorIs(t, err, protocol.ErrNotImplemented)
						clienttest.WantRequests(t, s, clienttest.Options, clienttest.Post)
					default:
						clienttest.WantErrorIs(t, err, client.ErrUnsupported)
					}
				})
			}
		})
	}
}

func TestSpoolIsNegative(t *testing.T) {
	s := needy(t)
	_, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.SpooledSource(strings.NewReader("hello"), -1), nil)
	clienttest.WantErrorIs(t, err, client.ErrSource, client.ErrInvalidOption)
	if got := s.Seen(); len(got) != 0 {
		t.Errorf("requests %q, want none", got)
	}
}
