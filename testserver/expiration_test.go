package testserver_test

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

// An incomplete upload expires at the announced time, and a complete one stays.
func TestExpiration(t *testing.T) {
	t.Parallel()
	const lifetime = time.Hour
	data := content(10)
	for _, unix := range []bool{false, true} {
		t.Run("unix="+strconv.FormatBool(unix), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := overNetwork(t, testserver.Config{Expiration: lifetime, ExpiresUnix: unix, Checksum: []string{"sha1"}})
				end := time.Now().Add(lifetime)
				want := protocol.FormatExpires(end)
				if unix {
					want = strconv.FormatInt(end.Unix(), 10)
				}
				expires := func(r reply, want string) {
					t.Helper()
					if got := r.header.Get(protocol.HeaderUploadExpires); got != want {
						t.Errorf("status %d: got Upload-Expires %q, want %q", r.status, got, want)
					}
				}
				r := mustDo(t, http.StatusCreated, s.Client(), http.MethodPost, s.URL(), nil, protocol.HeaderUploadLength, "10")
				expires(r, want)
				url := r.header.Get(protocol.HeaderLocation)
				r = mustDo(t, http.StatusCreated, s.Client(), http.MethodPost, s.URL(), strings.NewReader("123"),
					protocol.HeaderUploadLength, "10", protocol.HeaderContentType, protocol.ContentType)
				expires(r, want)
				complete := r.header.Get(protocol.HeaderLocation)

				time.Sleep(lifetime - time.Second)
				// Each answer to a PATCH has the same expiration time.
				expires(patchSum(t, s, url, 0, data[:5], sha1Of(data[:5])), want)
				expires(patchSum(t, s, url, 5, data[:5], sha1Of(nil)), want)
				expires(patchSum(t, s, url, 0, data[:5], sha1Of(data[:5])), want)
				expires(mustDo(t, http.StatusOK, s.Client(), http.MethodHead, url, nil), want)
				// A complete upload does not expire.
				expires(patchSum(t, s, complete, 3, data[3:], sha1Of(data[3:])), "")
				expires(mustDo(t, http.StatusOK, s.Client(), http.MethodHead, complete, nil), "")
				expires(mustDo(t, http.StatusCreated, s.Client(), http.MethodPost, s.URL(), nil, protocol.HeaderUploadLength, "0"), "")
				stored(t, s, url, data[:5])

				time.Sleep(time.Second)
				if _, err := s.Bytes(url); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("got %v, want fs.ErrNotExist", err)
				}
				expires(mustDo(t, http.StatusGone, s.Client(), http.MethodHead, url, nil), "")
				wantStatus(t, patchSum(t, s, url, 5, data[5:], sha1Of(data[5:])), http.StatusGone)
				mustDo(t, http.StatusGone, s.Client(), http.MethodGet, url, nil)
				mustDo(t, http.StatusGone, s.Client(), http.MethodDelete, url, nil)
				mustDo(t, http.StatusNotFound, s.Client(), http.MethodHead, s.URL()+"none", nil)

				time.Sleep(100 * lifetime)
				if got := head(t, s, complete); got != 10 {
					t.Errorf("got offset %d of the finished upload, want 10", got)
				}
				urls, err := s.Uploads()
				if err != nil || len(urls) != 2 {
					t.Errorf("got %v, %v; want the two that are finished", urls, err)
				}
			})
		})
	}
}

// Upload-Expires has complete seconds, and the upload exists until then.
func TestExpirationFraction(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := overNetwork(t, testserver.Config{Expiration: 100 * time.Millisecond})
		start := time.Now()
		r := mustDo(t, http.StatusCreated, s.Client(), http.MethodPost, s.URL(), nil, protocol.HeaderUploadLength, "10")
		if got, want := r.header.Get(protocol.HeaderUploadExpires), protocol.FormatExpires(start.Add(time.Second)); got != want {
			t.Errorf("got Upload-Expires %q, want %q", got, want)
		}
		url := r.header.Get(protocol.HeaderLocation)
		time.Sleep(999 * time.Millisecond)
		head(t, s, url)
		time.Sleep(time.Millisecond)
		if urls, err := s.Uploads(); err != nil || len(urls) != 0 {
			t.Errorf("got %v, %v; want none", urls, err)
		}
		mustDo(t, http.StatusGone, s.Client(), http.MethodHead, url, nil)
	})
}

// A request that began before the expiration time may complete the upload.
func TestExpirationWhileWriting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := overNetwork(t, testserver.Config{Expiration: 10 * time.Second, ConcatUnfinished: true})
		data := content(100)
		url := create(t, s, len(data), protocol.HeaderUploadConcat, "partial")
		s.Inject(testserver.Fault{Method: http.MethodPatch, Do: testserver.StallAfter(60, 20*time.Second)})
		done := make(chan reply)
		go func() {
			r, err := patch(t.Context(), s, url, 0, data)
			if err != nil {
				t.Error(err)
			}
			done <- r
		}()
		time.Sleep(15 * time.Second)
		if _, err := s.Info(url); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v, want fs.ErrNotExist", err)
		}
		// The creation of a final upload does not hold the lock of its part, so
		// it must not delete the part.
		mustDo(t, http.StatusGone, s.Client(), http.MethodPost, s.URL(), nil, protocol.HeaderUploadConcat, "final;"+url)
		wantStatus(t, <-done, http.StatusNoContent)
		stored(t, s, url, data)
	})
}

// An expired upload leaves no bytes, and the next run of the server still
// answers 410.
func TestExpirationAcrossRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		s := overNetwork(t, testserver.Config{Addr: "expiring.test", Dir: dir, Expiration: time.Hour})
		expired, kept := create(t, s, 10), create(t, s, 10)
		s.Close()
		time.Sleep(59 * time.Minute)
		s = overNetwork(t, testserver.Config{Addr: "expiring.test", Dir: dir, Expiration: time.Hour})
		head(t, s, kept)
		time.Sleep(time.Minute)
		mustDo(t, http.StatusGone, s.Client(), http.MethodHead, expired, nil)
		s.Close()
		s = overNetwork(t, testserver.Config{Addr: "expiring.test", Dir: dir, Expiration: time.Hour})
		mustDo(t, http.StatusGone, s.Client(), http.MethodHead, expired, nil)
		id := filepath.Base(expired)
		for _, name := range []string{id, id + ".info"} {
			if _, err := os.Stat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: got %v, want fs.ErrNotExist", name, err)
			}
		}
	})
}

// A forgotten upload is not reported as expired.
func TestExpirationForget(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{Expiration: time.Hour})
	url := create(t, s, 10)
	s.Inject(testserver.Fault{Do: testserver.Forget()})
	mustDo(t, http.StatusNotFound, s.Client(), http.MethodHead, url, nil)
}
