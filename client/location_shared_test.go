package client_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// sharing returns a server that names the same URL for each upload that is not the final one of
// several: the first upload of the server.
func sharing(t *testing.T, extensions ...protocol.Extension) *fake.Server {
	t.Helper()
	return fake.New(t, fake.Config{Extensions: extensions, Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method == http.MethodPost {
			fake.With("Location", "/files/1")(w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	}})
}

// namedSource is a source with a name.
type namedSource struct {
	client.Source
	name string
}

func (s namedSource) Name() string { return s.name }

// A server that names one URL for two uploads of one call has the bytes of one of them at most.
// The others fail, and their bytes are not sent to the URL.
func TestSharedLocation(t *testing.T) {
	creation := []protocol.Extension{protocol.ExtensionCreation}
	inline := []protocol.Extension{protocol.ExtensionCreation, protocol.ExtensionCreationWithUpload}
	for name, test := range map[string]struct {
		extensions  []protocol.Extension
		concurrency int
	}{
		"in turn":               {creation, 1},
		"at the same time":      {creation, 3},
		"with bytes, in turn":   {inline, 1},
		"with bytes, at a time": {inline, 3},
	} {
		t.Run(name, func(t *testing.T) {
			s := sharing(t, test.extensions...)
			c := clienttest.NewClient(t, s, client.Config{Concurrency: test.concurrency})
			var items []client.Item
			for _, content := range []string{"first", "other", "third"} {
				items = append(items, client.Item{
					Source: namedSource{client.Bytes([]byte(content)), content}, Options: &client.UploadOptions{OneOfMany: true},
				})
			}
			outcomes, err := c.UploadAll(t.Context(), items)
			clienttest.WantErrorIs(t, err, client.ErrInvalidLocation)
			complete := 0
			for _, o := range outcomes {
				if o.Err == nil {
					complete++
				}
			}
			if complete != 1 {
				t.Errorf("%d uploads are complete, want 1", complete)
			}
			if n := len(slices.DeleteFunc(s.Seen(), func(r string) bool { return r != http.MethodPatch })); n > 1 {
				t.Errorf("%d PATCH, want at most 1", n)
			}
		})
	}
}

// The parts of one upload with one URL would be joined to as many copies of one part, whose
// length is that of the whole.
func TestSharedLocationOfParts(t *testing.T) {
	extensions := []protocol.Extension{protocol.ExtensionCreation, protocol.ExtensionConcatenation}
	t.Run("Parallel", func(t *testing.T) {
		c := clienttest.NewClient(t, sharing(t, extensions...), client.Config{})
		content := clienttest.Noise(clienttest.FourPartsSize)
		_, err := c.Upload(t.Context(), client.Bytes([]byte(content)), &client.UploadOptions{Parallel: 4})
		clienttest.WantErrorIs(t, err, client.ErrPart, client.ErrInvalidLocation)
	})
	for _, concurrency := range []int{1, 2} {
		c := clienttest.NewClient(t, sharing(t, extensions...), client.Config{})
		_, err := c.UploadConcat(t.Context(), []client.Source{client.Bytes([]byte("first")), client.Bytes([]byte("other"))},
			&client.ConcatOptions{Concurrency: concurrency})
		clienttest.WantErrorIs(t, err, client.ErrPart, client.ErrInvalidLocation)
	}
}

// The URL of a part is not that of the final upload, which the parts are joined to.
func TestFinalLocationIsThatOfAPart(t *testing.T) {
	cfg := fake.Config{
		Extensions: []protocol.Extension{protocol.ExtensionCreation, protocol.ExtensionConcatenation},
		Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if strings.HasPrefix(r.Header.Get("Upload-Concat"), "final") {
				fake.With("Location", "/files/1")(w, r, next)
				return
			}
			next.ServeHTTP(w, r)
		},
	}
	s := fake.New(t, cfg)
	var store client.MemoryStore
	c := clienttest.NewClient(t, s, client.Config{Store: &store})
	name := clienttest.WriteFile(t, clienttest.Noise(clienttest.FourPartsSize))
	opts := &client.UploadOptions{Parallel: 4}
	res, err := c.Upload(t.Context(), clienttest.PathSource(t, name), opts)
	clienttest.WantErrorIs(t, err, client.ErrInvalidLocation)
	if res.URL != "" {
		t.Errorf("URL %q, want none", res.URL)
	}
	patches := func() int {
		return len(slices.DeleteFunc(s.Seen(), func(r string) bool { return r != http.MethodPatch }))
	}
	// The parts are still there, so a later call sends only the request that joins them.
	before := patches()
	_, err = c.Upload(t.Context(), clienttest.PathSource(t, name), opts)
	clienttest.WantErrorIs(t, err, client.ErrInvalidLocation)
	if n := patches() - before; n != 0 {
		t.Errorf("%d further PATCH, want none", n)
	}
	_, err = clienttest.NewClient(t, fake.New(t, cfg), client.Config{}).UploadConcat(t.Context(), []client.Source{client.Bytes([]byte("first")), client.Bytes([]byte("other"))}, nil)
	clienttest.WantErrorIs(t, err, client.ErrInvalidLocation)
}

// A server that announces the URL while it receives the bytes gets the same answer.
func TestSharedLocationOfRUFH(t *testing.T) {
	p := newPeer(t, accepting)
	c := p.client(t, client.Config{Protocol: "rufh", Concurrency: 2})
	outcomes, _ := c.UploadAll(t.Context(), []client.Item{
		{Source: namedSource{client.Bytes([]byte("first")), "first"}, Options: &client.UploadOptions{OneOfMany: true}},
		{Source: namedSource{client.Bytes([]byte("other")), "other"}, Options: &client.UploadOptions{OneOfMany: true}},
	})
	failed := slices.DeleteFunc(outcomes, func(o client.Outcome) bool { return o.Err == nil })
	if len(failed) != 1 {
		t.Fatalf("%d uploads failed, want 1", len(failed))
	}
	clienttest.WantErrorIs(t, failed[0].Err, client.ErrInvalidLocation)
}

// A source that is sent again may replace its earlier upload, and a call that is not one of many
// knows nothing of earlier ones: servers may name uploads by their files.
func TestLocationOfReplacedUpload(t *testing.T) {
	s := fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Tus-Resumable", "1.0.0")
		switch r.Method {
		case http.MethodPost:
			w.Header().Set("Location", "/files/report.csv")
			w.WriteHeader(http.StatusCreated)
		case http.MethodPatch:
			w.Header().Set("Upload-Offset", "5")
			w.WriteHeader(http.StatusNoContent)
		}
	}})
	c := clienttest.NewClient(t, s, client.Config{})
	for _, up := range []struct {
		name string
		many bool
	}{{"a/report.csv", false}, {"b/report.csv", false}, {"a/report.csv", true}, {"a/report.csv", true}} {
		src := namedSource{client.Bytes([]byte("hello")), up.name}
		if _, err := c.Upload(t.Context(), src, &client.UploadOptions{OneOfMany: up.many}); err != nil {
			t.Errorf("%s, OneOfMany %v: %v", up.name, up.many, err)
		}
	}
}
