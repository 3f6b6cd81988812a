package integration

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/testserver/rufhserver"
)

// tusJSVersions are the npm packages of tus-js-client that speak the IETF's protocol.
var tusJSVersions = []struct{ name, module string }{
	{"4.3.1", "tus-js-client"},
	{"5.0.0-pre2", "tus-js-client-5"},
}

// tusJSProtocols are the drafts that tus-js-client speaks, with their interop versions.
var tusJSProtocols = []struct {
	name    string
	version rufh.Version
}{
	{"ietf-draft-03", 5},
	{"ietf-draft-05", 6},
}

// receiver is a target that keeps the representations that it gets.
type receiver struct {
	mu  sync.Mutex
	got [][]byte
}

// ServeHTTP implements [http.Handler].
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	b, err := io.ReadAll(req.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, b)
	w.WriteHeader(http.StatusCreated)
}

// representations returns what arrived so far.
func (r *receiver) representations() [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.got
}

// fault returns a fault of method.
func fault(method string, do testserver.Action) testserver.Fault {
	return testserver.Fault{Method: method, Do: do}
}

// tus-js-client speaks the IETF's protocol with rufhserver. Uploads that are cut resume, and
// the target gets each representation once and identical.
func TestTusJSRUFH(t *testing.T) {
	t.Parallel()
	if _, err := interopFolder(); err != nil {
		missing(t, err.Error())
	}
	tests := []struct {
		name    string
		size    int
		options tusJSOptions
		faults  []testserver.Fault
	}{
		{
			name: "chunks, no interim response", size: 3*mib + 1, options: tusJSOptions{Chunk: mib},
			faults: []testserver.Fault{fault(http.MethodPost, rufhserver.NoInterim())},
		},
		{name: "with the creation", size: mib, options: tusJSOptions{Inline: true, Chunk: 300_000}},
		{
			name: "flood and cut", size: 4 * mib,
			faults: []testserver.Fault{
				fault(http.MethodPost, rufhserver.FloodInterim(100)), patch(testserver.CutAfter(mib)), patch(testserver.CutAfter(mib)),
				fault(http.MethodHead, testserver.Reset()), patch(testserver.CutAfter(1)),
			},
		},
		{
			name: "reset, busy and cut in chunks", size: 4*mib + 7, options: tusJSOptions{Chunk: mib},
			faults: []testserver.Fault{
				fault(http.MethodPost, testserver.Reset()), patch(testserver.Status(http.StatusServiceUnavailable, nil, "")),
				patch(testserver.CutAfter(mib / 2)), patch(testserver.DropReply()),
			},
		},
	}
	for _, client := range tusJSVersions {
		for _, protocol := range tusJSProtocols {
			for _, tt := range tests {
				t.Run(client.name+"/"+protocol.name+"/"+tt.name, func(t *testing.T) {
					t.Parallel()
					target := &receiver{}
					server := rufhserver.New(t, rufhserver.Config{
						Versions: []rufh.Version{protocol.version}, Target: target, Progress: mib,
					})
					server.Inject(tt.faults...)
					data := content(tt.size)
					options := tt.options
					options.Module, options.Protocol, options.Buffer = client.module, protocol.name, true
					options.Endpoint = server.URL()
					options.File = filepath.Join(t.TempDir(), "elephant.bin")
					if err := os.WriteFile(options.File, data, 0o600); err != nil {
						t.Fatal(err)
					}
					url, failure := runTusJS(t, options)
					if failure != "" {
						t.Fatalf("upload.mjs: %s", failure)
					}
					checkReceived(t, server, target, url, data)
					if left := server.Pending(); len(left) > 0 {
						t.Errorf("%d faults did not fire", len(left))
					}
				})
			}
		}
	}
}

// A later run of tus-js-client finds the URL of an upload, and resumes it.
func TestTusJSRUFHLaterRun(t *testing.T) {
	t.Parallel()
	if _, err := interopFolder(); err != nil {
		missing(t, err.Error())
	}
	for _, client := range tusJSVersions {
		for _, protocol := range tusJSProtocols {
			t.Run(client.name+"/"+protocol.name, func(t *testing.T) {
				t.Parallel()
				target := &receiver{}
				server := rufhserver.New(t, rufhserver.Config{Versions: []rufh.Version{protocol.version}, Target: target})
				server.Inject(patch(testserver.CutAfter(mib)), patch(testserver.Status(http.StatusForbidden, nil, "go away")))
				data := content(4 * mib)
				options := tusJSOptions{
					Module: client.module, Protocol: protocol.name, Buffer: true, Endpoint: server.URL(),
					File: filepath.Join(t.TempDir(), "elephant.bin"), Storage: filepath.Join(t.TempDir(), "urls.json"),
				}
				if err := os.WriteFile(options.File, data, 0o600); err != nil {
					t.Fatal(err)
				}
				if url, failure := runTusJS(t, options); !strings.Contains(failure, "go away") {
					t.Fatalf("printed %q, failure %q; want the text of the server", url, failure)
				}
				url, failure := runTusJS(t, options)
				if failure != "" {
					t.Fatalf("upload.mjs: %s", failure)
				}
				checkReceived(t, server, target, url, data)
			})
		}
	}
}

// checkReceived checks that the upload is the only one, that it is complete, and that the
// target got it once.
func checkReceived(t *testing.T, server *rufhserver.Server, target *receiver, url string, want []byte) {
	t.Helper()
	stored, err := server.Bytes(url)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(stored, want) {
		t.Errorf("%d bytes are stored, want these %d", len(stored), len(want))
	}
	if complete, err := server.Complete(url); err != nil || !complete {
		t.Errorf("complete: %t, %v", complete, err)
	}
	if all, err := server.Uploads(); err != nil || len(all) != 1 {
		t.Errorf("uploads %q, %v", all, err)
	}
	if got := target.representations(); len(got) != 1 || !bytes.Equal(got[0], want) {
		t.Errorf("the target got %d representations", len(got))
	}
}
