package testserver_test

import (
	"bytes"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

// concat makes a final upload of parts.
func concat(t *testing.T, s *testserver.Server, parts ...string) string {
	t.Helper()
	return mustDo(t, http.StatusCreated, s.Client(), http.MethodPost, s.URL(), nil,
		protocol.HeaderUploadConcat, "final;"+strings.Join(parts, " "),
		protocol.HeaderUploadMetadata, "filename eC50eHQ=").header.Get(protocol.HeaderLocation)
}

// part makes a partial upload.
func part(t *testing.T, s *testserver.Server, length int) string {
	t.Helper()
	return create(t, s, length, protocol.HeaderUploadConcat, "partial", protocol.HeaderUploadMetadata, "part cGFydA==")
}

// wantFinal compares what HEAD says of a final upload: "" stands for a header
// that is not there.
func wantFinal(t *testing.T, s *testserver.Server, url, offset, length string, parts ...string) {
	t.Helper()
	h := mustDo(t, http.StatusOK, s.Client(), http.MethodHead, url, nil).header
	got := map[string]string{
		"offset": h.Get(protocol.HeaderUploadOffset), "length": h.Get(protocol.HeaderUploadLength),
		"deferred": h.Get(protocol.HeaderUploadDeferLength), "concat": h.Get(protocol.HeaderUploadConcat),
		"metadata": h.Get(protocol.HeaderUploadMetadata),
	}
	want := map[string]string{
		"offset": offset, "length": length, "deferred": "", "concat": "final;" + strings.Join(parts, " "),
		"metadata": "filename eC50eHQ=",
	}
	if length == "" {
		want["deferred"] = "1"
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("HEAD (-want +got):\n%s", diff)
	}
}

func TestConcatUnfinished(t *testing.T) {
	t.Parallel()
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			cfg := tr.config
			cfg.ConcatUnfinished = true
			s := testserver.New(t, cfg)
			hello, world := part(t, s, 5), part(t, s, 6)
			if _, err := patch(t.Context(), s, world, 0, []byte(" wo")); err != nil {
				t.Fatal(err)
			}
			final := concat(t, s, hello, world)
			wantFinal(t, s, final, "", "11", hello, world)
			stored(t, s, final, nil)

			// Nothing is to be written to it, now or later.
			refused := func() {
				t.Helper()
				r, err := patch(t.Context(), s, final, 0, []byte("x"))
				if err != nil || r.status != http.StatusForbidden {
					t.Fatalf("PATCH: got %d, %v; want 403", r.status, err)
				}
			}
			refused()
			if got := head(t, s, world); got != 3 {
				t.Errorf("got offset %d of the part, want 3", got)
			}

			finish(t, s, hello, []byte("hello"))
			wantFinal(t, s, final, "", "11", hello, world)
			finish(t, s, world, []byte(" world"))
			// Not only once it is asked for.
			stored(t, s, final, []byte("hello world"))
			wantFinal(t, s, final, "11", "11", hello, world)
			refused()
			stored(t, s, final, []byte("hello world"))
			if got := mustDo(t, http.StatusOK, s.Client(), http.MethodGet, final, nil).body; got != "hello world" {
				t.Errorf("GET: got %q, want hello world", got)
			}
			// The parts may go then.
			mustDo(t, http.StatusNoContent, s.Client(), http.MethodDelete, hello, nil)
			wantFinal(t, s, final, "11", "11", hello, world)
		})
	}
}

func TestConcatUnfinishedForms(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{ConcatUnfinished: true, Checksum: []string{"sha1"}})
	data := content(30)
	t.Run("finished already", func(t *testing.T) {
		t.Parallel()
		a, b := part(t, s, 10), part(t, s, 20)
		finish(t, s, a, data[:10])
		finish(t, s, b, data[10:])
		stored(t, s, concat(t, s, a, b), data)
	})
	t.Run("empty parts", func(t *testing.T) {
		t.Parallel()
		a := part(t, s, 0)
		wantFinal(t, s, concat(t, s, a, a), "0", "0", a, a)
	})
	t.Run("an empty part last", func(t *testing.T) {
		t.Parallel()
		a, b := part(t, s, 0), part(t, s, 30)
		final := concat(t, s, b, a)
		finish(t, s, b, data)
		stored(t, s, final, data)
	})
	t.Run("one part twice, and in two uploads", func(t *testing.T) {
		t.Parallel()
		a, b := part(t, s, 10), part(t, s, 20)
		twice, once := concat(t, s, a, b, a), concat(t, s, b, a)
		finish(t, s, a, data[:10])
		finish(t, s, b, data[10:])
		stored(t, s, twice, slices.Concat(data, data[:10]))
		stored(t, s, once, slices.Concat(data[10:], data[:10]))
	})
	t.Run("deferred length", func(t *testing.T) {
		t.Parallel()
		a := part(t, s, 10)
		b := mustDo(t, http.StatusCreated, s.Client(), http.MethodPost, s.URL(), nil,
			protocol.HeaderUploadConcat, "partial", protocol.HeaderUploadDeferLength, "1").header.Get(protocol.HeaderLocation)
		final := concat(t, s, a, b)
		wantFinal(t, s, final, "", "", a, b)
		wantStatus(t, patchSum(t, s, b, 0, data[10:15], sha1Of(data[10:15]), protocol.HeaderUploadLength, "20"), http.StatusNoContent)
		wantFinal(t, s, final, "", "30", a, b)
		finish(t, s, b, data[10:])
		finish(t, s, a, data[:10])
		wantFinal(t, s, final, "30", "30", a, b)
		stored(t, s, final, data)
		// Its length is its own by now.
		mustDo(t, http.StatusNoContent, s.Client(), http.MethodDelete, b, nil)
		wantFinal(t, s, final, "30", "30", a, b)
	})
	t.Run("a refused chunk finishes nothing", func(t *testing.T) {
		t.Parallel()
		a := part(t, s, 30)
		final := concat(t, s, a)
		wantStatus(t, patchSum(t, s, a, 0, data, sha1Of(nil)), 460)
		wantFinal(t, s, final, "", "30", a)
		wantStatus(t, patchSum(t, s, a, 0, data, sha1Of(data)), http.StatusNoContent)
		stored(t, s, final, data)
	})
	t.Run("a creation finishes a part", func(t *testing.T) {
		t.Parallel()
		a := part(t, s, 10)
		b := mustDo(t, http.StatusCreated, s.Client(), http.MethodPost, s.URL(), bytes.NewReader(data[10:]),
			protocol.HeaderUploadConcat, "partial", protocol.HeaderUploadLength, "20",
			protocol.HeaderContentType, protocol.ContentType).header.Get(protocol.HeaderLocation)
		final := concat(t, s, a, b)
		finish(t, s, a, data[:10])
		stored(t, s, final, data)
	})
	t.Run("a part that is terminated", func(t *testing.T) {
		t.Parallel()
		a, b := part(t, s, 10), part(t, s, 20)
		final := concat(t, s, a, b)
		mustDo(t, http.StatusNoContent, s.Client(), http.MethodDelete, a, nil)
		finish(t, s, b, data[10:])
		wantFinal(t, s, final, "", "30", a, b)
	})
	t.Run("terminated before its parts are done", func(t *testing.T) {
		t.Parallel()
		a := part(t, s, 30)
		final := concat(t, s, a)
		mustDo(t, http.StatusNoContent, s.Client(), http.MethodDelete, final, nil)
		finish(t, s, a, data)
		mustDo(t, http.StatusNotFound, s.Client(), http.MethodHead, final, nil)
	})
	t.Run("forgotten", func(t *testing.T) {
		t.Parallel()
		a := part(t, s, 30)
		final := concat(t, s, a)
		own := func(r *http.Request) bool { return strings.HasSuffix(final, r.URL.Path) }
		s.Inject(testserver.Fault{Match: own, Do: testserver.Forget()})
		mustDo(t, http.StatusNotFound, s.Client(), http.MethodHead, final, nil)
		finish(t, s, a, data)
	})
}

func TestConcatUnfinishedRefused(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{ConcatUnfinished: true, MaxSize: 1 << 62})
	whole, unfinished := create(t, s, 0), part(t, s, 10)
	huge := part(t, s, 1<<62)
	for _, tt := range []struct {
		name   string
		parts  []string
		status int
	}{
		{"no part", nil, 400},
		{"no such part", []string{unfinished, s.URL() + "none"}, 404},
		{"an unfinished upload that is no part", []string{create(t, s, 10)}, 400},
		{"an unfinished final upload", []string{concat(t, s, unfinished)}, 400},
		{"a finished upload that is no part", []string{whole}, 201},
		{"too long", []string{huge, unfinished}, 413},
		{"longer than any number", []string{huge, huge, huge, huge}, 413},
	} {
		before, err := s.Uploads()
		if err != nil {
			t.Fatal(err)
		}
		r, err := do(t.Context(), s.Client(), http.MethodPost, s.URL(), nil,
			protocol.HeaderUploadConcat, "final;"+strings.Join(tt.parts, " "))
		if err != nil {
			t.Fatal(err)
		}
		after, err := s.Uploads()
		if err != nil {
			t.Fatal(err)
		}
		if made := len(after) - len(before); r.status != tt.status || (made == 1) != (tt.status == http.StatusCreated) {
			t.Errorf("%s: got status %d, body %q, %d uploads made; want %d", tt.name, r.status, r.body, made, tt.status)
		}
	}
	// tusd does as ever.
	plain := testserver.New(t, testserver.Config{Expiration: time.Hour})
	mustDo(t, http.StatusBadRequest, plain.Client(), http.MethodPost, plain.URL(), nil,
		protocol.HeaderUploadConcat, "final;"+part(t, plain, 10))
	a := part(t, plain, 10)
	finish(t, plain, a, content(10))
	stored(t, plain, concat(t, plain, a), content(10))
}

// A final upload that its parts are finished around is whole when the last
// request for it has been answered, and not written twice.
func TestConcatUnfinishedConcurrent(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{ConcatUnfinished: true})
	const parts, size = 4, 10_000
	data := content(parts * size)
	for range 20 {
		var urls []string
		for range parts {
			urls = append(urls, part(t, s, size))
		}
		var group sync.WaitGroup
		for i, url := range urls {
			group.Go(func() {
				if r, err := patch(t.Context(), s, url, 0, data[i*size:(i+1)*size]); err != nil || r.status != http.StatusNoContent {
					t.Errorf("got %d, %v; want 204", r.status, err)
				}
			})
		}
		final := concat(t, s, urls...)
		for range parts {
			h := mustDo(t, http.StatusOK, s.Client(), http.MethodHead, final, nil).header
			if offset := h.Get(protocol.HeaderUploadOffset); offset != "" && offset != strconv.Itoa(len(data)) {
				t.Errorf("got offset %s, want none or all", offset)
			}
			if got, err := s.Bytes(final); err != nil || len(got) != 0 && !bytes.Equal(got, data) {
				t.Errorf("got %d bytes, %v; want none or these", len(got), err)
			}
		}
		group.Wait()
		stored(t, s, final, data)
		wantFinal(t, s, final, strconv.Itoa(len(data)), strconv.Itoa(len(data)), urls...)
	}
}

// An unfinished final upload waits across runs.
func TestConcatUnfinishedAcrossRuns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cfg := testserver.Config{Dir: dir, ConcatUnfinished: true}
	s := testserver.New(t, cfg)
	path := func(url string) string { return strings.TrimPrefix(url, s.URL()) }
	late, soon, broken := part(t, s, 3), part(t, s, 3), create(t, s, 3)
	lateFinal, soonFinal := path(concat(t, s, late)), path(concat(t, s, soon))
	where, err := s.Path(soon)
	if err != nil {
		t.Fatal(err)
	}
	brokenPath, err := s.Path(broken)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	// It stopped just before it would have put the parts together.
	if err := os.WriteFile(where, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(brokenPath+".info", []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	latePath := path(late)
	s = testserver.New(t, cfg)
	stored(t, s, s.URL()+soonFinal, []byte("abc"))
	stored(t, s, s.URL()+lateFinal, nil)
	finish(t, s, s.URL()+latePath, []byte("def"))
	stored(t, s, s.URL()+lateFinal, []byte("def"))
}

// An unfinished final upload expires like any other.
func TestConcatUnfinishedExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := overNetwork(t, testserver.Config{ConcatUnfinished: true, Expiration: time.Hour})
		a := part(t, s, 3)
		finished := concat(t, s, a)
		time.Sleep(30 * time.Minute)
		b := part(t, s, 3)
		stored(t, s, finished, nil)
		finish(t, s, a, []byte("abc"))
		early := concat(t, s, b)
		time.Sleep(time.Hour)
		stored(t, s, finished, []byte("abc"))
		mustDo(t, http.StatusGone, s.Client(), http.MethodHead, early, nil)
	})
}
