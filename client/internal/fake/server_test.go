package fake_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// send sends one request. header contains names and values in turn.
func send(t *testing.T, s *fake.Server, method, url, body string, header ...string) reply {
	t.Helper()
	r, err := try(t, s, method, url, body, header...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// try is like send, but there may be no answer.
func try(t *testing.T, s *fake.Server, method, url, body string, header ...string) (reply, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := s.Doer().Do(req)
	if err != nil {
		return reply{}, err
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return reply{resp.StatusCode, resp.Header}, nil
}

type reply struct {
	status int
	header http.Header
}

const version, octets = "Tus-Resumable", "application/offset+octet-stream"

func TestUpload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		resp := send(t, s, "POST", s.URL, "", version, "1.0.0", "Upload-Length", "5", "Upload-Metadata", "name YQ==")
		url := "http://tus.example" + resp.header.Get("Location")
		if resp.status != http.StatusCreated || url != "http://tus.example/files/1" {
			t.Fatalf("POST: status %d, %s, want status 201 and %q", resp.status, url, "http://tus.example/files/1")
		}
		if resp = send(t, s, "PATCH", url, "hel", version, "1.0.0", "Content-Type", octets, "Upload-Offset", "0"); resp.header.Get("Upload-Offset") != "3" {
			t.Fatalf("PATCH: status %d, headers %v, want Upload-Offset %q", resp.status, resp.header, "3")
		}
		if resp = send(t, s, "PATCH", url, "x", version, "1.0.0", "Content-Type", octets, "Upload-Offset", "2"); resp.status != http.StatusConflict {
			t.Fatalf("PATCH at a wrong offset: status %d", resp.status)
		}
		if resp = send(t, s, "PATCH", url, "lo!", version, "1.0.0", "Content-Type", octets, "Upload-Offset", "3"); resp.status != http.StatusRequestEntityTooLarge {
			t.Fatalf("PATCH beyond the length: status %d, want 413", resp.status)
		}
		resp = send(t, s, "HEAD", url, "", version, "1.0.0")
		state, err := protocol.ParseHead(resp.header)
		if err != nil {
			t.Fatal(err)
		}
		want := protocol.State{Offset: 3, Length: protocol.Known(5), Metadata: protocol.Metadata{"name": "a"}}
		if diff := cmp.Diff(want, state); diff != "" {
			t.Errorf("state (-want +got):\n%s", diff)
		}
		if got := string(s.Bytes(url)); got != "hel" {
			t.Errorf("bytes %q, want %q", got, "hel")
		}
		if resp = send(t, s, "DELETE", url, "", version, "1.0.0"); resp.status != http.StatusNoContent || s.Bytes(url) != nil {
			t.Errorf("DELETE: status %d, want status 204 and nil", resp.status)
		}
		if resp = send(t, s, "HEAD", url, "", version, "1.0.0"); resp.status != http.StatusNotFound {
			t.Errorf("HEAD after DELETE: status %d, want 404", resp.status)
		}
	})
}

func TestViolations(t *testing.T) {
	const url = "http://tus.example/files/"
	tests := map[string]struct {
		method string
		body   string
		header []string
		want   string
	}{
		"no version":              {"HEAD", "", nil, `Tus-Resumable is ""`},
		"version with OPTIONS":    {"OPTIONS", "", []string{version, "1.0.0"}, "has Tus-Resumable"},
		"unknown method":          {"PUT", "", nil, "method PUT"},
		"no length":               {"POST", "", []string{version, "1.0.0"}, `Upload-Defer-Length is ""`},
		"length and none":         {"POST", "", []string{version, "1.0.0", "Upload-Length", "1", "Upload-Defer-Length", "1"}, "has both a length and none"},
		"length with a sign":      {"POST", "", []string{version, "1.0.0", "Upload-Length", "+1"}, `Upload-Length is "+1"`},
		"final with a length":     {"POST", "", []string{version, "1.0.0", "Upload-Length", "1", "Upload-Concat", "final;/a"}, "a final upload with a length"},
		"metadata with spaces":    {"POST", "", []string{version, "1.0.0", "Upload-Length", "1", "Upload-Metadata", "a YQ==, b"}, `Upload-Metadata is "a YQ==, b"`},
		"POST with an offset":     {"POST", "", []string{version, "1.0.0", "Upload-Length", "1", "Upload-Offset", "0"}, "has Upload-Offset"},
		"PATCH without type":      {"PATCH", "x", []string{version, "1.0.0", "Upload-Offset", "0"}, "Content-Type is []"},
		"PATCH without offset":    {"PATCH", "x", []string{version, "1.0.0", "Content-Type", octets}, `Upload-Offset is ""`},
		"PATCH with a bad offset": {"PATCH", "x", []string{version, "1.0.0", "Content-Type", octets, "Upload-Offset", "-1"}, `Upload-Offset is "-1"`},
		"POST with bytes":         {"POST", "x", []string{version, "1.0.0", "Upload-Length", "1", "Content-Type", octets}, "has a body"},
		"HEAD with an offset":     {"HEAD", "", []string{version, "1.0.0", "Upload-Offset", "0"}, "has Upload-Offset"},
		"DELETE with a body":      {"DELETE", "x", []string{version, "1.0.0"}, "has a body"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			resp := send(t, s, test.method, url, test.body, test.header...)
			if resp.status != http.StatusBadRequest {
				t.Errorf("status %d, want 400", resp.status)
			}
			want := []string{test.method + " " + url + ": " + test.want}
			if diff := cmp.Diff(want, s.Violations()); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
		})
	}
}

// withUpload returns a server with creation-with-upload.
func withUpload(t *testing.T, config fake.Config) *fake.Server {
	t.Helper()
	config.Extensions = []protocol.Extension{protocol.ExtensionCreation, protocol.ExtensionCreationWithUpload, protocol.ExtensionConcatenation}
	return fake.New(t, config)
}

func TestViolationsWithUpload(t *testing.T) {
	tests := map[string]struct {
		body   string
		header []string
		want   string
	}{
		"no type":      {"x", []string{"Upload-Length", "1"}, "Content-Type is []"},
		"another type": {"x", []string{"Upload-Length", "1", "Content-Type", "text/plain"}, `Content-Type is ["text/plain"]`},
		"final":        {"x", []string{"Upload-Concat", "final;/a", "Content-Type", octets}, "a final upload with a body"},
		"no length":    {"x", []string{"Content-Type", octets}, `Upload-Defer-Length is ""`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := withUpload(t, fake.Config{})
			if resp := send(t, s, "POST", s.URL, test.body, append(test.header, version, "1.0.0")...); resp.status != http.StatusBadRequest {
				t.Errorf("status %d, want 400", resp.status)
			}
			if diff := cmp.Diff([]string{"POST " + s.URL + ": " + test.want}, s.Violations()); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCreationWithUpload(t *testing.T) {
	const url = "http://tus.example/files/1"
	tests := map[string]struct {
		config fake.Config
		action fake.Action
		body   string
		status int // 0: no answer
		offset string
		kept   string
		seen   string
	}{
		"all":                     {fake.Config{}, nil, "hello", 201, "5", "hello", "POST /files/ +5"},
		"some":                    {fake.Config{}, nil, "he", 201, "2", "he", "POST /files/ +2"},
		"none":                    {fake.Config{}, nil, "", 201, "0", "", "POST /files/ +0"},
		"too much":                {fake.Config{}, nil, "hello!", 413, "", "", "POST /files/ +6"},
		"no offset in the answer": {fake.Config{NoOffset: true}, nil, "hello", 201, "", "hello", "POST /files/ +5"},
		"server keeps less":       {fake.Config{}, fake.Keep(3), "hello", 201, "3", "hel", "POST /files/ +5"},
		"cut":                     {fake.Config{}, fake.Cut(2), "hello", 0, "", "he", "POST /files/ +2"},
		"answer lost":             {fake.Config{}, fake.Lose, "hello", 0, "", "hello", "POST /files/ +5"},
		"refused":                 {fake.Config{}, fake.Status(415, ""), "hello", 415, "", "", "POST /files/ +5"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := withUpload(t, test.config)
				s.On("POST", test.action)
				header := []string{version, "1.0.0", "Upload-Length", "5", "Content-Type", octets}
				if test.status != 0 {
					resp := send(t, s, "POST", s.URL, test.body, header...)
					if got := resp.header.Get("Upload-Offset"); resp.status != test.status || got != test.offset {
						t.Errorf("status %d, offset %q, want status %v and %q", resp.status, got, test.status, test.offset)
					}
				} else if _, err := try(t, s, "POST", s.URL, test.body, header...); err == nil {
					t.Error("the request got an answer, want none")
				}
				synctest.Wait()
				if got := string(s.Bytes(url)); got != test.kept {
					t.Errorf("bytes %q, want %q", got, test.kept)
				}
				if diff := cmp.Diff([]string{test.seen}, s.Seen()); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestScript(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{Hook: fake.With("Upload-Expires", "1")})
		url := s.Put("abc", protocol.Known(6), nil)
		s.On("HEAD", fake.Status(503, "", "Retry-After", "7"), nil)
		for i, want := range []struct {
			status  int
			expires string
		}{{503, ""}, {200, ""}, {200, "1"}} {
			resp := send(t, s, "HEAD", url, "", version, "1.0.0")
			if resp.status != want.status || resp.header.Get("Upload-Expires") != want.expires {
				t.Errorf("answer %d: status %d, Upload-Expires %q, want status %v and Upload-Expires %q", i, resp.status, resp.header.Get("Upload-Expires"), want.status, want.expires)
			}
		}
		s.On("PATCH", fake.Keep(1))
		resp := send(t, s, "PATCH", url, "def", version, "1.0.0", "Content-Type", octets, "Upload-Offset", "3")
		if got := resp.header.Get("Upload-Offset"); got != "4" || string(s.Bytes(url)) != "abcd" {
			t.Errorf("Keep(1): offset %s, bytes %q, want %q and %q", got, s.Bytes(url), "4", "abcd")
		}
		want := []string{"HEAD /files/1", "HEAD /files/1", "HEAD /files/1", "PATCH /files/1 3+3"}
		if diff := cmp.Diff(want, s.Seen()); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
	})
}
