package integration

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
)

const parallelSize = 8*mib + 5

// isJoin reports whether a request joins parts.
func isJoin(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Upload-Concat"), "final")
}

// countPosts returns the number of created parts and the number of joins.
func countPosts(srv *testserver.Server) (parts, joins int) {
	for _, r := range srv.Requests() {
		switch {
		case r.Method != http.MethodPost:
		case strings.HasPrefix(r.Header.Get("Upload-Concat"), "final"):
			joins++
		default:
			parts++
		}
	}
	return parts, joins
}

// An upload in parts succeeds although each connection is cut.
func TestParallelWithEveryDoer(t *testing.T) {
	t.Parallel()
	for _, d := range doers {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			srv := testserver.New(t, testserver.Config{Wrap: d.wrap})
			proxy := newCutter(t, hostOf(t, srv.URL()), 512*kib, true)
			c := newClient(t, client.Config{Endpoint: proxy.through(t, srv.URL()), Doer: d.new(t), Retry: quick, Locked: quick})
			data := content(parallelSize)
			var o outcome
			o.result, o.err = c.Upload(t.Context(), readerAt(t, data), &client.UploadOptions{
				Parallel: 4,
				Metadata: protocol.Metadata{"filename": "elephant.mp4"},
				OnEvent:  func(ev client.Event) { o.events = append(o.events, ev) },
			})
			if o.err != nil {
				t.Fatalf("after %d cuts: %v", proxy.cuts.Load(), o.err)
			}
			checkStored(t, srv, o.result.URL, data)
			checkEvents(t, o)
			if n := proxy.cuts.Load(); n < 12 {
				t.Errorf("%d cuts, want many", n)
			}
			parts, joins := countPosts(srv)
			if parts != 4+o.result.Orphans || joins != 1 {
				t.Errorf("%d parts created, %d joins, %d orphans", parts, joins, o.result.Orphans)
			}
			reply, err := c.Head(t.Context(), o.result.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := reply.State.Metadata["filename"]; got != "elephant.mp4" {
				t.Errorf("metadata %v", reply.State.Metadata)
			}
		})
	}
}

// The server joins the parts, and its answer is lost.
func TestParallelJoinUnanswered(t *testing.T) {
	t.Parallel()
	srv := testserver.New(t, testserver.Config{})
	srv.Inject(testserver.Fault{Method: http.MethodPost, Match: isJoin, Do: testserver.DropReply()})
	c := newClient(t, client.Config{Endpoint: srv.URL(), Doer: srv.Client(), Retry: quick})
	data := content(parallelSize)
	res, err := c.Upload(t.Context(), readerAt(t, data), &client.UploadOptions{Parallel: 4})
	if err != nil {
		t.Fatal(err)
	}
	checkStored(t, srv, res.URL, data)
	if parts, joins := countPosts(srv); parts != 4 || joins != 2 || srv.Count(http.MethodHead) != 4 || res.Orphans != 1 {
		t.Errorf("%d parts created, %d joins, %d HEADs, result %+v", parts, joins, srv.Count(http.MethodHead), res)
	}
}

// A later run resumes the parts of an earlier run.
func TestParallelLaterRun(t *testing.T) {
	t.Parallel()
	srv := testserver.New(t, testserver.Config{})
	srv.Inject(testserver.Fault{Method: http.MethodPatch, Do: testserver.Status(http.StatusForbidden, nil, "no\n")})
	var store client.MemoryStore
	c := newClient(t, client.Config{Endpoint: srv.URL(), Doer: srv.Client(), Retry: quick, Locked: quick, Store: &store})
	data := content(parallelSize)
	name := filepath.Join(t.TempDir(), "elephant.mp4")
	writeOld(t, name, data)
	upload := func() (*client.Result, error) {
		src, err := client.Path(name)
		if err != nil {
			t.Fatal(err)
		}
		return c.Upload(t.Context(), src, &client.UploadOptions{Parallel: 4})
	}
	if _, err := upload(); err == nil {
		t.Fatal("no error")
	}
	res, err := upload()
	if err != nil {
		t.Fatal(err)
	}
	checkStored(t, srv, res.URL, data)
	// The first run may end before it has created all parts, and its canceled requests
	// may be counted late. The refused part exists.
	if parts, joins := countPosts(srv); parts < 4 || parts > 4+3 || joins != 1 {
		t.Errorf("%d parts created, %d joins", parts, joins)
	}
}
