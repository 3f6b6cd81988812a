package testserver_test

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

var compareLength = cmp.Comparer(func(a, b protocol.Length) bool { return a == b })

// Info describes plain, deferred, partial and final uploads.
func TestInfo(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{})
	plain := create(t, s, 10, protocol.HeaderUploadMetadata, "filename eC50eHQ=,empty")
	if _, err := patch(t.Context(), s, plain, 0, content(4)); err != nil {
		t.Fatal(err)
	}
	deferred := mustDo(t, http.StatusCreated, s.Client(), http.MethodPost, s.URL(), nil,
		protocol.HeaderUploadDeferLength, "1").header.Get(protocol.HeaderLocation)
	var parts []string
	for range 2 {
		url := create(t, s, 3, protocol.HeaderUploadConcat, "partial")
		finish(t, s, url, content(3))
		parts = append(parts, url)
	}
	final := mustDo(t, http.StatusCreated, s.Client(), http.MethodPost, s.URL(), nil,
		protocol.HeaderUploadConcat, "final;"+strings.Join(parts, " ")).header.Get(protocol.HeaderLocation)
	stored(t, s, final, slices.Concat(content(3), content(3)))

	for _, tt := range []struct {
		name, url string
		want      testserver.Info
	}{
		{"plain", plain, testserver.Info{
			Offset: 4, Length: protocol.Known(10), Metadata: protocol.Metadata{"filename": "x.txt", "empty": ""},
		}},
		{"deferred length", deferred, testserver.Info{}},
		{"partial", parts[0], testserver.Info{Offset: 3, Length: protocol.Known(3), Partial: true}},
		{"final", final, testserver.Info{Offset: 6, Length: protocol.Known(6), Final: true, Parts: parts}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := s.Info(tt.url)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, compareLength); diff != "" {
				t.Errorf("info (-want +got):\n%s", diff)
			}
		})
	}

	want := append([]string{plain, deferred, final}, parts...)
	slices.Sort(want)
	got, err := s.Uploads()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("uploads (-want +got):\n%s", diff)
	}
}

// Open accepts URLs and paths.
func TestOpen(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{})
	url := create(t, s, 10)
	finish(t, s, url, content(10))
	path := strings.TrimPrefix(url, strings.TrimSuffix(s.URL(), "/files/"))
	for _, u := range []string{url, path, url + "?token=1", url + "/"} {
		r, err := s.Open(u)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			t.Fatal(err)
		}
		if string(got) != string(content(10)) {
			t.Errorf("%s: got %d bytes, want these 10", u, len(got))
		}
	}
}

// Errors of the store are fs.ErrNotExist if the upload does not exist.
func TestStoreErrors(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{})
	incomplete := create(t, s, 10)
	path, err := s.Path(incomplete)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	broken := create(t, s, 10)
	if path, err = s.Path(broken); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".info", []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, url string
		missing   bool
	}{
		{"unknown upload", s.URL() + "none", true},
		{"the endpoint", s.URL(), true},
		{"another path", "/other/none", true},
		{"outside the folder", s.URL() + "../../" + filepath.Base(path), true},
		{"invalid URL", "http://[::1", false},
		{"bytes are missing", incomplete, true},
		{"info is invalid", broken, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, errBytes := s.Bytes(tt.url)
			_, errOpen := s.Open(tt.url)
			_, errPath := s.Path(tt.url)
			_, errInfo := s.Info(tt.url)
			for _, err := range []error{errBytes, errOpen, errPath, errInfo} {
				if err == nil || errors.Is(err, fs.ErrNotExist) != tt.missing {
					t.Errorf("got %v, want fs.ErrNotExist: %v", err, tt.missing)
				}
			}
		})
	}
}
