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

// concat creates a final upload of parts.
func concat(t *testing.T, s *testserver.Server, parts ...string) string {
	t.Helper()
	return mustDo(t, http.StatusCreated, s.Client(), http.MethodPost, s.URL(), nil,
		protocol.HeaderUploadConcat, "final;"+strings.Join(parts, " "),
		protocol.HeaderUploadMetadata, "filename eC50eHQ=").header.Get(protocol.HeaderLocation)
}

// part creates a partial upload.
func part(t *testing.T, s *testserver.Server, length int) string {
	t.Helper()
	return create(t, s, length, protocol.HeaderUploadConcat, "partial", protocol.HeaderUploadMetadata, "part cGFydA==")
}

// wantFinal compares the answer to HEAD of a final upload. "" means that a
// header is missing.
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

// A final upload completes with its last part.
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

			// PATCH is refused before and after the concatenation.
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
			// The concatenation does not wait for a request to the final
			// upload.
			stored(t, s, final, []byte("hello world"))
			wantFinal(t, s, final, "11", "11", hello, world)
			refused()
			stored(t, s, final, []byte("hello world"))
			if got := mustDo(t, http.StatusOK, s.Client(), http.MethodGet, final, nil).body; got != "hello world" {
				t.Errorf("GET: got %q, want hello world", got)
			}
			// A complete final upload does not need its parts.
			mustDo(t, http.StatusNoContent, s.Client(), http.MethodDelete, hello, nil)
			wantFinal(t, s, final, "11", "11", hello, world)
		})
	}
}

// Parts can be complete, empty, repeated, deferred, refused or terminated.
func TestConcatUnfinishedCases(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{ConcatUnfinished: true, Checksum: []string{"sha1"}})
	data := content(30)
	t.Run("complete parts", func(t *testing.T) {
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
	t.Run("last part is empty", func(t *testing.T) {
		t.Parallel()
		a, b := part(t, s, 0), part(t, s, 30)
		final := concat(t, s, b, a)
		finish(t, s, b, data)
		stored(t, s, final, data)
	})
	t.Run("part used twice and in two final uploads", func(t *testing.T) {
		t.Parallel()
		a, b := part(t, s, 10), part(t, s, 20)
		repeated, reversed := concat(t, s, a, b, a), concat(t, s, b, a)
		finish(t, s, a, data[:10])
		finish(t, s, b, data[10:])
		stored(t, s, repeated, slices.Concat(data, data[:10]))
		stored(t, s, reversed, slices.Concat(data[10:], data[:10]))
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
		// The length of a complete final upload does not depend on its parts.
		mustDo(t, http.StatusNoContent, s.Client(), http.MethodDelete, b, nil)
		wantFinal(t, s, final, "30", "30", a, b)
	})
	t.Run("refused chunk completes no part", func(t *testing.T) {
		t.Parallel()
		a := part(t, s, 30)
		final := concat(t, s, a)
		wantStatus(t, patchSum(t, s, a, 0, data, sha1Of(nil)), 460)
		wantFinal(t, s, final, "", "30", a)
		wantStatus(t, patchSum(t, s, a, 0, data, sha1Of(data)), http.StatusNoContent)
		stored(t, s, final, data)
	})
	t.Run("creation completes a part", func(t *testing.T) {
		t.Parallel()
		a := part(t, s, 10)
		b := mustDo(t, http.StatusCreated, s.Client(), http.MethodPost, s.URL(), bytes.NewReader(data[10:]),
			protocol.HeaderUploadConcat, "partial", protocol.HeaderUploadLength, "20",
			protocol.HeaderContentType, protocol.ContentType).header.Get(protocol.HeaderLocation)
		final := concat(t, s, a, b)
		finish(t, s, a, data[:10])
		stored(t, s, final, data)
	})
	t.Run("terminated part", func(t *testing.T) {
		t.Parallel()
		a, b := part(t, s, 10), part(t, s, 20)
		final := concat(t, s, a, b)
		mustDo(t, http.StatusNoContent, s.Client(), http.MethodDelete, a, nil)
		finish(t, s, b, data[10:])
		wantFinal(t, s, final, "", "30", a, b)
	})
	t.Run("final upload terminated before its parts complete", func(t *testing.T) {
		t.Parallel()
		a := part(t, s, 30)
		final := concat(t, s, a)
		mustDo(t, http.StatusNoContent, s.Client(), http.MethodDelete, final, nil)
		finish(t, s, a, data)
		mustDo(t, http.StatusNotFound, s.Client(), http.MethodHead, final, nil)
	})
	t.Run("forgotten final upload", func(t *testing.T) {
		t.Parallel()
		a := part(t, s, 30)
		final := concat(t, s, a)
		matchFinal := func(r *http.Request) bool { return strings.HasSuffix(final, r.URL.Path) }
		s.Inject(testserver.Fault{Match: matchFinal, Do: testserver.Forget()})
		mustDo(t, http.StatusNotFound, s.Client(), http.MethodHead, final, nil)
		finish(t, s, a, data)
	})
}

// A final upload of unsuitable parts is refused.
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
		{"unknown part", []string{unfinished, s.URL() + "none"}, 404},
		{"incomplete upload that is not partial", []string{create(t, s, 10)}, 400},
		{"incomplete final upload", []string{concat(t, s, unfinished)}, 400},
		{"complete upload that is not partial", []string{whole}, 201},
		{"longer than MaxSize", []string{huge, unfinished}, 413},
		{"longer than an int64", []string{huge, huge, huge, huge}, 413},
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
		if created := len(after) - len(before); r.status != tt.status || (created == 1) != (tt.status == http.StatusCreated) {
			t.Errorf("%s: got status %d, body %q, %d uploads created; want %d", tt.name, r.status, r.body, created, tt.status)
		}
	}
	// Without ConcatUnfinished, tusd refuses incomplete parts.
	plain := testserver.New(t, testserver.Config{Expiration: time.Hour})
	mustDo(t, http.StatusBadRequest, plain.Client(), http.MethodPost, plain.URL(), nil,
		protocol.HeaderUploadConcat, "final;"+part(t, plain, 10))
	a := part(t, plain, 10)
	finish(t, plain, a, content(10))
	stored(t, plain, concat(t, plain, a), content(10))
}

// Parts that complete concurrently are concatenated once, before the last of
// their requests is answered.
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
				t.Errorf("got %d bytes, %v; want none or all", len(got), err)
			}
		}
		group.Wait()
		stored(t, s, final, data)
		wantFinal(t, s, final, strconv.Itoa(len(data)), strconv.Itoa(len(data)), urls...)
	}
}

// An incomplete final upload waits for its parts across runs of the server.
func TestConcatUnfinishedAcrossRuns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cfg := testserver.Config{Dir: dir, ConcatUnfinished: true}
	s := testserver.New(t, cfg)
	path := func(url string) string { return strings.TrimPrefix(url, s.URL()) }
	incomplete, complete, broken := part(t, s, 3), part(t, s, 3), create(t, s, 3)
	incompleteFinal, completeFinal := path(concat(t, s, incomplete)), path(concat(t, s, complete))
	completePath, err := s.Path(complete)
	if err != nil {
		t.Fatal(err)
	}
	brokenPath, err := s.Path(broken)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	// The server stopped after the part was complete and before the
	// concatenation.
	if err := os.WriteFile(completePath, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(brokenPath+".info", []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	incompletePath := path(incomplete)
	s = testserver.New(t, cfg)
	stored(t, s, s.URL()+completeFinal, []byte("abc"))
	stored(t, s, s.URL()+incompleteFinal, nil)
	finish(t, s, s.URL()+incompletePath, []byte("def"))
	stored(t, s, s.URL()+incompleteFinal, []byte("def"))
}

// An incomplete final upload expires like other uploads.
func TestConcatUnfinishedExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := overNetwork(t, testserver.Config{ConcatUnfinished: true, Expiration: time.Hour})
		a := part(t, s, 3)
		final := concat(t, s, a)
		time.Sleep(30 * time.Minute)
		b := part(t, s, 3)
		stored(t, s, final, nil)
		finish(t, s, a, []byte("abc"))
		expired := concat(t, s, b)
		time.Sleep(time.Hour)
		stored(t, s, final, []byte("abc"))
		mustDo(t, http.StatusGone, s.Client(), http.MethodHead, expired, nil)
	})
}
