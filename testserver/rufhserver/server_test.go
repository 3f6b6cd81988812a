package rufhserver_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/testserver/rufhserver"
)

// target answers with what it got.
func target(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "text/x-got")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, r.Method+" "+r.URL.Path+" "+r.Header.Get("X-Note")+" "+string(body))
}

// An optimistic creation is announced, reports progress, and gets the response of the
// target, which has the whole representation (-13, section 4.2.2).
func TestOptimistic(t *testing.T) {
	data := content(200_000)
	for _, transport := range transports {
		t.Run(transport.name, func(t *testing.T) {
			for _, v := range versions(rufh.Oldest, rufh.Newest) {
				t.Run(v.String(), func(t *testing.T) {
					s := start(t, v, rufhserver.Config{Server: transport.config, Progress: 50_000, Target: http.HandlerFunc(target)})
					q := s.creation(true, data)
					q.header = http.Header{"X-Note": {"hello"}}
					got := s.send(rufh.Final, q)
					if want := "POST /files/docs hello " + string(data); got.content != want || got.Status != http.StatusAccepted {
						t.Errorf("status %d, %.40q", got.Status, got.content)
					}
					if got.header.Get("Content-Type") != "text/x-got" {
						t.Errorf("header %v", got.header)
					}
					s.stored(s.only(), data)
					checkInterim(s, got.interim)
				})
			}
		})
	}
}

// checkInterim checks the 104s of an optimistic creation.
func checkInterim(s session, all []rufh.Response) {
	s.Helper()
	x := rufh.Exchange{Version: s.version, Op: protocol.OpCreate, Complete: true}
	var last int64
	for i, r := range all {
		verdict := rufh.Judge(x, r)
		n, known := verdict.Offset.Int64()
		switch {
		case i == 0 && (verdict.Meaning != rufh.Announced || r.Location != s.only()):
			s.Errorf("first interim response: %v %q", verdict.Meaning, r.Location)
		case i > 0 && (verdict.Meaning != rufh.Progressed || !known || n <= last || r.Location != ""):
			s.Errorf("interim response %d: %v %v", i+1, verdict.Meaning, verdict.Offset)
		}
		if limits := r.Limits != nil; limits != (i == 0 && s.version >= 6) {
			s.Errorf("interim response %d has limits: %t", i+1, limits)
		}
		last = n
	}
	if want := s.version >= 5; len(all) == 0 || want != (len(all) > 1) {
		s.Errorf("%d interim responses", len(all))
	}
}

// A careful creation has no content; appends follow (-13, sections 4.4.2 and 10.2).
func TestCareful(t *testing.T) {
	for _, v := range versions(rufh.Oldest, rufh.Newest) {
		t.Run(v.String(), func(t *testing.T) {
			calls := 0
			s := start(t, v, rufhserver.Config{Target: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				calls++
				target(w, r)
			})})
			url := s.send(rufh.Created, s.creation(false, nil)).Location
			s.send(rufh.Appended, s.patch(url, 0, false, []byte("abc")))
			s.send(rufh.Appended, s.patch(url, 3, false, []byte("def")))
			state := s.send(rufh.Retrieved, s.head(url))
			if state.verdict.Offset != protocol.Known(6) || state.header.Get("Cache-Control") != "no-store" {
				t.Errorf("offset %v, %v", state.verdict.Offset, state.header)
			}
			final := s.send(rufh.Final, s.patch(url, 6, true, []byte("ghi")))
			if final.content != "POST /files/docs  abcdefghi" {
				t.Errorf("final response %q", final.content)
			}
			s.send(rufh.Completed, s.head(url))
			if again := s.send(rufh.Final, s.patch(url, 9, true, nil)); again.content != final.content || calls != 1 {
				t.Errorf("repeated response %q after %d calls", again.content, calls)
			}
			want := rufh.Refused
			if v >= 6 {
				want = rufh.Completed // a problem says so
			}
			s.send(want, s.patch(url, 9, false, []byte("j")))
			if complete, err := s.server.Complete(url); !complete || err != nil {
				t.Errorf("complete: %t, %v", complete, err)
			}
			s.send(rufh.Removed, s.remove(url))
			s.send(rufh.Gone, s.head(url))
			s.send(rufh.Gone, s.patch(url, 9, true, nil))
		})
	}
}

// An upload whose bytes have all arrived ends by an empty append (-13, section 4.4.1).
func TestEmptyAppend(t *testing.T) {
	for _, v := range versions(rufh.Oldest, rufh.Newest) {
		t.Run(v.String(), func(t *testing.T) {
			s := start(t, v, rufhserver.Config{})
			q := s.creation(false, []byte("abc"))
			q.fields = rufh.Creation{Version: v, Length: protocol.Known(3)}
			url := s.send(rufh.Created, q).Location
			s.send(rufh.Retrieved, s.head(url))
			s.send(rufh.Final, s.patch(url, 3, true, nil))
			s.send(rufh.Completed, s.head(url))
			s.stored(url, []byte("abc"))
		})
	}
}

// A request that breaks off keeps what arrived, and the URL of its 104 resumes the upload.
func TestCutAndResume(t *testing.T) {
	data := content(300_000)
	for _, transport := range transports {
		t.Run(transport.name, func(t *testing.T) {
			s := start(t, 10, rufhserver.Config{Server: transport.config, Progress: 1})
			s.server.Inject(
				testserver.Fault{Method: http.MethodPost, Do: testserver.CutAfter(100_000)},
				testserver.Fault{Method: http.MethodPatch, Do: testserver.CutAfter(50_000)},
			)
			got, err := s.try(t.Context(), s.creation(true, data))
			if err == nil {
				t.Fatalf("the creation got status %d", got.Status)
			}
			url := s.only()
			// Over HTTP/1.1, the reset can overtake the 104.
			if transport.name == "HTTP/2" && (len(got.interim) == 0 || got.interim[0].Location != url) {
				t.Errorf("interim responses %+v", got.interim)
			}
			for range 2 {
				offset, _ := s.send(rufh.Retrieved, s.head(url)).verdict.Offset.Int64()
				if offset == 0 {
					t.Error("nothing was kept")
				}
				if got, err := s.try(t.Context(), s.patch(url, offset, true, data[offset:])); err == nil && got.verdict.Meaning != rufh.Final {
					t.Fatalf("the append got status %d, %q", got.Status, got.content)
				}
			}
			s.send(rufh.Completed, s.head(url))
			s.stored(url, data)
		})
	}
}

// A newer request takes over the upload from one that still runs (-13, section 4.6).
func TestTakeOver(t *testing.T) {
	for _, transport := range transports {
		t.Run(transport.name, func(t *testing.T) {
			s := start(t, 9, rufhserver.Config{Server: transport.config, Progress: 1})
			url := s.send(rufh.Created, s.creation(false, nil)).Location
			body, feed := io.Pipe()
			q := s.patch(url, 0, false, nil)
			q.body = body
			progressed, failed := make(chan struct{}, 100), make(chan error, 1)
			q.interim = func() { progressed <- struct{}{} }
			go func() {
				_, err := s.try(t.Context(), q)
				failed <- err
			}()
			if _, err := feed.Write([]byte("abc")); err != nil {
				t.Fatal(err)
			}
			<-progressed
			if got := s.send(rufh.Retrieved, s.head(url)); got.verdict.Offset != protocol.Known(3) {
				t.Errorf("offset %v", got.verdict.Offset)
			}
			// The client still has bytes to send, which are not stored.
			for {
				if _, err := feed.Write([]byte("x")); err != nil {
					break
				}
			}
			if err := <-failed; err == nil {
				t.Error("the older request was answered")
			}
			s.send(rufh.Final, s.patch(url, 3, true, []byte("def")))
			s.stored(url, []byte("abcdef"))
		})
	}
}

// A request that does not ask for an upload, or not in a version of the server, goes to the
// target (-13, section 10.1.1 and appendix B).
func TestOrdinary(t *testing.T) {
	s := start(t, 8, rufhserver.Config{Target: http.HandlerFunc(target)})
	for name, fields := range map[string]setter{"no fields": nil, "another version": rufh.Creation{Version: 9, Complete: true}} {
		q := s.creation(true, []byte("abc"))
		q.fields, q.method = fields, http.MethodPut
		got := s.send(rufh.Ordinary, q)
		if got.content != "PUT /files/docs  abc" || len(got.interim) > 0 {
			t.Errorf("%s: %q, %d interim responses", name, got.content, len(got.interim))
		}
	}
	if all, err := s.server.Uploads(); len(all) > 0 || err != nil {
		t.Errorf("uploads %q, %v", all, err)
	}
}

// OPTIONS tells the limits, also to a client without a version (-13, section 4.1.4).
func TestDiscovery(t *testing.T) {
	s := start(t, 10, rufhserver.Config{})
	for _, fields := range []setter{nil, rufh.Version(10), rufh.Version(3)} {
		got := s.send(rufh.Supported, request{
			exchange: rufh.Exchange{Op: protocol.OpOptions}, method: http.MethodOptions, url: s.server.URL(), fields: fields,
		})
		if value := got.header.Get(rufh.HeaderUploadLimit); value != "min-size=0" {
			t.Errorf("limits %q", value)
		}
	}
}

// The methods about uploads return fs.ErrNotExist for a URL that is none.
func TestNoUpload(t *testing.T) {
	s := start(t, 10, rufhserver.Config{})
	url := s.server.URL() + "uploads/none"
	_, bytesErr := s.server.Bytes(url)
	_, infoErr := s.server.Info(url)
	_, completeErr := s.server.Complete(url)
	_, openErr := s.server.Open(url)
	for _, err := range []error{bytesErr, infoErr, completeErr, openErr} {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("error %v", err)
		}
	}
	if _, err := s.server.Bytes("http://%"); err == nil {
		t.Error("an invalid URL is accepted")
	}
}

func TestConfigErrors(t *testing.T) {
	for name, cfg := range map[string]rufhserver.Config{
		"version":  {Versions: []rufh.Version{2}},
		"limits":   {Limits: protocol.Limits{MaxUpload: -1}},
		"multiple": {Limits: protocol.Limits{Multiple: 2}},
		"progress": {Progress: -1},
		"interval": {Interval: -1},
		"handler":  {Server: testserver.Config{Handler: http.NotFoundHandler()}},
		"path":     {Server: testserver.Config{BasePath: "/a?b"}},
	} {
		if s, err := rufhserver.Start(cfg); err == nil || !strings.Contains(err.Error(), "start") {
			t.Errorf("%s: %v", name, err)
			s.Close()
		}
	}
}

// The base path may lack its slashes.
func TestBasePath(t *testing.T) {
	s := start(t, 10, rufhserver.Config{Server: testserver.Config{BasePath: "a/b"}})
	url := s.send(rufh.Created, s.creation(false, nil)).Location
	if !strings.HasPrefix(url, s.server.URL()+"uploads/") {
		t.Errorf("upload %q at %q", url, s.server.URL())
	}
	s.send(rufh.Final, s.patch(url, 0, true, bytes.Repeat([]byte("a"), 10)))
}
