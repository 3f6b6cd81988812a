package testserver_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"sync"
	"testing"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/testserver"
)

// rufhRequest is a request of the IETF's protocol.
type rufhRequest struct {
	exchange rufh.Exchange
	method   string
	url      string
	fields   interface{ SetHeader(h rufh.Header) error }
	body     []byte
	wait     bool // for an interim response, after 16 KiB of the body
}

// rufhReply has the final response, and the interim ones before it.
type rufhReply struct {
	rufh.Response
	verdict rufh.Verdict
	interim []rufh.Response
}

// sendRUFH sends q. An error ends the request without a final response.
func sendRUFH(t *testing.T, s *testserver.Server, q rufhRequest) (rufhReply, error) {
	t.Helper()
	var mu sync.Mutex
	var got rufhReply
	announced := make(chan struct{})
	v := q.exchange.Version
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
		mu.Lock()
		defer mu.Unlock()
		if len(got.interim) == 0 {
			close(announced)
		}
		got.interim = append(got.interim, v.ParseResponse(code, http.Header(h)))
		return nil
	}})
	r, err := http.NewRequestWithContext(ctx, q.method, q.url, bytes.NewReader(q.body))
	if err != nil {
		t.Fatal(err)
	}
	if q.wait {
		const first = 16 << 10
		r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(q.body[:first]), waiting{announced, ctx.Done()}, bytes.NewReader(q.body[first:])))
	}
	if err := q.fields.SetHeader(r.Header); err != nil {
		t.Fatal(err)
	}
	res, err := s.Client().Do(r)
	mu.Lock()
	defer mu.Unlock()
	if err != nil {
		return got, err
	}
	defer func() { _ = res.Body.Close() }()
	_, err = io.Copy(io.Discard, res.Body)
	got.Response = v.ParseResponse(res.StatusCode, res.Header)
	if len(got.interim) > 0 {
		q.exchange.Location = got.interim[0].Location
	}
	got.verdict = rufh.Judge(q.exchange, got.Response)
	return got, err
}

// waiting is an empty reader that waits until one of the channels is closed.
type waiting struct{ done, late <-chan struct{} }

func (w waiting) Read([]byte) (int, error) {
	select {
	case <-w.done:
		return 0, io.EOF
	case <-w.late:
		return 0, context.DeadlineExceeded
	}
}

// tusd's experiment speaks the IETF's protocol, with deviations that package rufh accepts:
// it does not say that a request has completed an upload.
func TestExperimental(t *testing.T) {
	t.Parallel()
	data := content(100_000)
	size := protocol.Known(int64(len(data)))
	for v := rufh.Version(3); v <= 6; v++ {
		t.Run(v.String(), func(t *testing.T) {
			t.Parallel()
			s := testserver.New(t, testserver.Config{Experimental: true, MaxSize: 1 << 20})
			must := func(want rufh.Meaning, q rufhRequest) rufhReply {
				t.Helper()
				q.exchange.Version = v
				got, err := sendRUFH(t, s, q)
				if err != nil || got.verdict.Meaning != want {
					t.Fatalf("%s: status %d, %v, %v, want %v", q.method, got.Status, got.verdict.Meaning, err, want)
				}
				return got
			}
			options := must(rufh.Supported, rufhRequest{exchange: rufh.Exchange{Op: protocol.OpOptions}, method: http.MethodOptions, url: s.URL(), fields: v})
			if options.Limits == nil || options.Limits.MaxUpload != 1<<20 {
				t.Errorf("limits %+v, want Limits not nil and Limits.MaxUpload %v", options.Limits, 1<<20)
			}

			whole := rufhRequest{
				exchange: rufh.Exchange{Version: v, Op: protocol.OpCreate, Complete: true, End: size}, method: http.MethodPost, url: s.URL(),
				fields: rufh.Creation{Version: v, Complete: true, Length: size, Name: "größe 1.txt", Type: "text/plain"}, body: data,
			}
			created := must(rufh.Final, whole)
			if len(created.interim) != 1 || created.interim[0].Version != v || created.interim[0].Location != created.Location {
				t.Fatalf("interim responses %+v, want 1 in interim, interim[0].Version %v and interim[0].Location %q", created.interim, v, created.Location)
			}
			stored(t, s, created.Location, data)

			// A cut creation is resumed at the URL of its 104.
			s.Inject(testserver.Fault{Method: http.MethodPost, Do: testserver.CutAfter(60_000)})
			whole.wait = true
			cut, err := sendRUFH(t, s, whole)
			if err == nil || len(cut.interim) != 1 {
				t.Fatalf("status %d, interim responses %+v, want 1 in interim and an error", cut.Status, cut.interim)
			}
			url := cut.interim[0].Location
			head := rufhRequest{exchange: rufh.Exchange{Op: protocol.OpHead}, method: http.MethodHead, url: url, fields: v}
			offset, _ := must(rufh.Retrieved, head).verdict.Offset.Int64()
			must(rufh.Final, rufhRequest{
				exchange: rufh.Exchange{Op: protocol.OpPatch, Complete: true, End: size}, method: http.MethodPatch, url: url,
				fields: rufh.Append{Version: v, Offset: offset, Complete: true}, body: data[offset:],
			})
			must(rufh.Completed, head)
			stored(t, s, url, data)
			must(rufh.Removed, rufhRequest{exchange: rufh.Exchange{Op: protocol.OpTerminate}, method: http.MethodDelete, url: url, fields: v})
			must(rufh.Gone, head)

			// A careful creation is followed by appends.
			url = must(rufh.Created, rufhRequest{
				exchange: rufh.Exchange{Op: protocol.OpCreate, End: protocol.Known(0)}, method: http.MethodPost, url: s.URL(),
				fields: rufh.Creation{Version: v},
			}).Location
			part := rufhRequest{
				exchange: rufh.Exchange{Op: protocol.OpPatch, End: protocol.Known(3)}, method: http.MethodPatch, url: url,
				fields: rufh.Append{Version: v}, body: []byte("abc"),
			}
			must(rufh.Appended, part)
			must(rufh.Mismatched, part)
		})
	}
}

// tusd takes another version for tus. Without the experiment, it does so for each version.
func TestNotExperimental(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name         string
		experimental bool
		version      rufh.Version
	}{
		{"newer version", true, 7},
		{"disabled", false, 6},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := testserver.New(t, testserver.Config{Experimental: test.experimental})
			got, err := sendRUFH(t, s, rufhRequest{
				exchange: rufh.Exchange{Version: test.version, Op: protocol.OpCreate, Complete: true}, method: http.MethodPost, url: s.URL(),
				fields: rufh.Creation{Version: test.version, Complete: true}, body: []byte("abc"),
			})
			if err != nil || got.verdict.Meaning != rufh.OtherProtocol || got.Status != http.StatusPreconditionFailed {
				t.Errorf("status %d, %v, %v, want Status 412, verdict.Meaning %v and no error", got.Status, got.verdict.Meaning, err, rufh.OtherProtocol)
			}
		})
	}
}

// Locked and LockTimeout answer a request of the IETF's protocol without the headers of tus.
func TestExperimentLockFaults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		do   testserver.Action
		want rufh.Meaning
	}{
		{testserver.Locked(0), rufh.Locked},
		{testserver.LockTimeout(), rufh.Failed},
	} {
		s := testserver.New(t, testserver.Config{Experimental: true})
		s.Inject(testserver.Fault{Times: 1, Do: test.do})
		got, err := sendRUFH(t, s, rufhRequest{
			exchange: rufh.Exchange{Version: 6, Op: protocol.OpCreate}, method: http.MethodPost, url: s.URL(),
			fields: rufh.Creation{Version: 6},
		})
		if err != nil || got.verdict.Meaning != test.want {
			t.Errorf("%v: %v, %v, want verdict.Meaning %v and no error", test.do, got.verdict, err, test.want)
		}
	}
}
