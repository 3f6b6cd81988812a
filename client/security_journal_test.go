package client_test

import (
	"bytes"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/filestore"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
)

// S-JOURNAL-PLANTED: a record that an attacker wrote cannot make the client send credentials to
// another origin, send an https upload without TLS, or do anything except an HTTP request. The
// record does determine the URL that the bytes are sent to.
func TestPlantedRecord(t *testing.T) {
	tests := map[string]struct {
		url   string
		parts bool
		used  bool
	}{
		"in the clear":        {"http://tus.example/files/1", false, false},
		"in the clear, parts": {"http://tus.example/files/1", true, false},
		"a file":              {"file:///etc/passwd", false, false},
		"a script":            {"javascript:alert(1)", false, false},
		"control characters":  {"https://tus.example/\x1b[31m", false, false},
		"no host":             {"https:///files/1", false, false},
		"relative":            {"/files/1", false, false},
		"another origin":      {"https://evil.example/files/1", false, true},
		"another, parts":      {"https://evil.example/files/1", true, true},
		"user information":    {"https://tus.example@evil.example/files/1", false, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			store := &clienttest.AlteredStore{MemoryStore: new(client.MemoryStore), Alter: func(r *client.Record) error {
				r.URL = test.url
				if test.parts {
					r.URL = ""
					r.Parts = []client.PartRecord{{End: clienttest.ChunkSize, URL: test.url}, {Start: clienttest.ChunkSize, End: clienttest.RecordedSize, URL: test.url}}
				}
				return nil
			}}
			s := fake.New(t, fake.Config{})
			file := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
			var log bytes.Buffer
			cfg := clienttest.RecordingConfig(store, &log)
			tls := clienttest.OverTLS(s)
			var mu sync.Mutex
			var sent []*http.Request
			cfg.Endpoint = tls.Endpoint
			cfg.Header = http.Header{"X-Key": {"a"}, "Cookie": {"b"}}
			cfg.Doer = transport.Chain(transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
				mu.Lock()
				sent = append(sent, req)
				mu.Unlock()
				return tls.Doer.Do(req)
			}), transport.Bearer(transport.StaticToken("d")))
			options := &client.UploadOptions{}
			if test.parts {
				options.Parallel = 2
			}
			s.On(http.MethodPatch, fake.Cut(7))
			if _, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, file), nil); err == nil {
				t.Fatal("no error")
			}
			sent = nil
			s.On(http.MethodPost, fake.Status(403, ""))
			if _, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, file), options); err == nil && !test.used {
				t.Fatal("no error")
			}
			used := false
			for _, req := range sent {
				home := req.URL.Scheme == "https" && req.URL.Hostname() == "tus.example"
				used = used || !home
				if req.URL.Scheme != "https" {
					t.Errorf("%s %s in the clear", req.Method, req.URL)
				}
				for _, name := range clienttest.CredentialHeaders {
					if req.Header.Get(name) != "" && !home {
						t.Errorf("%s %s with %s", req.Method, req.URL, name)
					}
				}
			}
			if used != test.used {
				t.Errorf("the record was used: %t, want %t; log:\n%s", used, test.used, &log)
			}
		})
	}
}

// S-JOURNAL-SECRETS: the folder of records contains the URLs of uploads, but no credentials,
// and other users cannot read it.
func TestFolderOfRecords(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	store, err := filestore.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := fake.New(t, fake.Config{Location: func(path string) string { return path + "?sig=l0cation" }})
	cfg := clienttest.RecordingConfig(store, nil)
	cfg.Endpoint = "http://me:passw0rd@tus.example/files/?key=qu3ry"
	cfg.Header = http.Header{"X-Key": {"h3ader"}, "Cookie": {"c00kie"}}
	cfg.Doer = transport.Chain(s.Doer(), transport.Bearer(transport.StaticToken("t0ken")))
	s.On(http.MethodPost, fake.With("Set-Cookie", "s3tcookie=1"))
	s.On(http.MethodPatch, fake.Cut(7))
	c := clienttest.NewClient(t, s, cfg)
	if err := c.Learn(t.Context()); err != nil {
		t.Fatal(err)
	}
	src, err := client.Path(clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Upload(t.Context(), src, &client.UploadOptions{Metadata: protocol.Metadata{"secret": "metad4ta"}}); err == nil {
		t.Fatal("no error")
	}
	var all strings.Builder
	err = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
			t.Errorf("%s has mode %o, want no rights for others", name, mode)
		}
		if d.IsDir() {
			return nil
		}
		b, err := os.ReadFile(name)
		all.WriteString(name + string(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(all.String(), "sig=l0cation") {
		t.Errorf("the folder lacks a record: %s", &all)
	}
	for _, secret := range []string{"passw0rd", "qu3ry", "h3ader", "c00kie", "t0ken", "s3tcookie", "metad4ta"} {
		if strings.Contains(all.String(), secret) {
			t.Errorf("the folder holds %q: %s", secret, &all)
		}
	}
}

// S-FILES-SPOOL: only the user can read the temporary copy of a stream. TestSpoolIsTemporary
// proves that it is removed.
func TestSpoolIsPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are not kept here")
	}
	dir := clienttest.OwnTempDir(t)
	s := needy(t)
	looked := 0
	s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		files, err := filepath.Glob("/proc/self/fd/*")
		named, err2 := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || err2 != nil {
			t.Error(err, err2)
		}
		for _, name := range append(files, named...) {
			if to, err := os.Readlink(name); err == nil && !strings.HasSuffix(to, ".spool (deleted)") {
				continue
			}
			info, err := os.Stat(name)
			if err != nil || !info.Mode().IsRegular() {
				continue
			}
			looked++
			if mode := info.Mode().Perm(); mode != 0o600 {
				t.Errorf("the file has mode %o, want 0o600", mode)
			}
		}
		next.ServeHTTP(w, r)
	})
	if _, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.SpooledSource(io.LimitReader(strings.NewReader(clienttest.Noise(20)), 20), 100), nil); err != nil {
		t.Fatal(err)
	}
	if looked == 0 {
		t.Error("there was no such file")
	}
}
