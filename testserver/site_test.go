package testserver_test

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

// A site gets the requests outside the base path, and neither Wrap nor faults
// apply to them.
func TestSite(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{
		BasePath: "/up/",
		Wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Wrapped", "yes")
				next.ServeHTTP(w, r)
			})
		},
		Site: func(s *testserver.Server) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.WriteString(w, s.URL()+" "+r.URL.Path)
			})
		},
	})
	s.Inject(testserver.Fault{Times: 2, Do: status(http.StatusBadGateway)})
	for _, path := range []string{"/", "/upper", "/page/x"} {
		u, err := url.Parse(s.URL())
		if err != nil {
			t.Fatal(err)
		}
		u.Path = path
		r := mustDo(t, http.StatusOK, s.Client(), http.MethodGet, u.String(), nil)
		if want := s.URL() + " " + path; r.body != want || r.header.Get("X-Wrapped") != "" {
			t.Errorf("%s: got %q, %v; want %q", path, r.body, r.header, want)
		}
	}
	for _, u := range []string{s.URL(), strings.TrimSuffix(s.URL(), "/")} {
		r := mustDo(t, http.StatusBadGateway, s.Client(), http.MethodGet, u, nil)
		if r.header.Get("X-Wrapped") == "" {
			t.Errorf("%s: not wrapped", u)
		}
	}
	if got := s.Count(""); got != 2 {
		t.Errorf("%d requests, want the two below the base path", got)
	}
}

// InjectFirst puts faults in front of those of Inject.
func TestInjectFirst(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{})
	s.Inject(testserver.Fault{Times: testserver.Always, Do: status(500)})
	s.InjectFirst(testserver.Fault{Times: 2, Do: status(501)}, testserver.Fault{Do: status(502)})
	s.InjectFirst(testserver.Fault{Do: status(503)})
	for _, want := range []int{503, 501, 501, 502, 500, 500} {
		mustDo(t, want, s.Client(), http.MethodGet, s.URL(), nil)
	}
	s.InjectFirst(testserver.Fault{Do: testserver.Locked(0)})
	if diff := cmp.Diff([]int{testserver.Always, testserver.Always}, times(s)); diff != "" {
		t.Errorf("pending (-want +got):\n%s", diff)
	}
}

// Finished is called for each complete upload before the answer, however the
// upload was completed.
func TestFinished(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var got []string
	s := testserver.New(t, testserver.Config{ConcatUnfinished: true, Finished: func(s *testserver.Server, uploadURL string) {
		stored, err := s.Bytes(uploadURL)
		if err != nil {
			t.Error(err)
		}
		info, err := s.Info(uploadURL)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		got = append(got, info.Metadata["filename"]+": "+string(stored))
	}})
	finished := func(want ...string) {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("finished (-want +got):\n%s", diff)
		}
		got = nil
	}
	post := func(body string, header ...string) string {
		t.Helper()
		if body != "" {
			header = append(header, protocol.HeaderContentType, protocol.ContentType)
		}
		return mustDo(t, http.StatusCreated, s.Client(), http.MethodPost, s.URL(), bytes.NewReader([]byte(body)), header...).
			header.Get(protocol.HeaderLocation)
	}
	const length, concat, metadata = protocol.HeaderUploadLength, protocol.HeaderUploadConcat, protocol.HeaderUploadMetadata

	u := post("", length, "6", metadata, "filename YQ==")
	if _, err := patch(t.Context(), s, u, 0, []byte("hel")); err != nil {
		t.Fatal(err)
	}
	finished()
	if _, err := patch(t.Context(), s, u, 3, []byte("lo!")); err != nil {
		t.Fatal(err)
	}
	finished("a: hello!")
	post("inline", length, "6", metadata, "filename Yg==")
	finished("b: inline")
	post("", length, "0", metadata, "filename Yw==")
	finished("c: ")
	part := post("part", length, "4", concat, "partial")
	finished(": part")
	post("", concat, "final;"+part, metadata, "filename ZA==")
	finished("d: part")
	later := post("", length, "4", concat, "partial")
	post("", concat, "final;"+later, metadata, "filename ZQ==")
	finished()
}
