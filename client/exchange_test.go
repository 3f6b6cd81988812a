package client_test

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
)

func TestExchanges(t *testing.T) {
	metadata := protocol.Metadata{"name": "a"}
	tests := map[string]struct {
		call func(ctx context.Context, s *fake.Server, c *client.Client) (*client.Reply, error)
		sent http.Header // the headers of tus
		want client.Reply
	}{
		"Options": {
			func(ctx context.Context, _ *fake.Server, c *client.Client) (*client.Reply, error) {
				return c.Options(ctx, nil)
			},
			http.Header{},
			client.Reply{StatusCode: 204, State: protocol.State{Location: "http://tus.example/files/"}, Capabilities: protocol.Capabilities{
				Versions: []string{"1.0.0"},
				Extensions: []protocol.Extension{
					protocol.ExtensionCreation, protocol.ExtensionCreationDeferLength,
					protocol.ExtensionConcatenation, protocol.ExtensionTermination,
				},
			}},
		},
		"Create": {
			func(ctx context.Context, _ *fake.Server, c *client.Client) (*client.Reply, error) {
				return c.Create(ctx, protocol.Creation{Length: protocol.Known(5), Metadata: metadata}, nil)
			},
			http.Header{"Upload-Length": {"5"}, "Upload-Metadata": {"name YQ=="}},
			client.Reply{StatusCode: 201, State: protocol.State{Location: "http://tus.example/files/1"}},
		},
		"Create, length deferred": {
			func(ctx context.Context, _ *fake.Server, c *client.Client) (*client.Reply, error) {
				return c.Create(ctx, protocol.Creation{}, nil)
			},
			http.Header{"Upload-Defer-Length": {"1"}},
			client.Reply{StatusCode: 201, State: protocol.State{Location: "http://tus.example/files/1"}},
		},
		// Creation.WithBody is ignored, because Create sends no body.
		"Create, with body": {
			func(ctx context.Context, _ *fake.Server, c *client.Client) (*client.Reply, error) {
				return c.Create(ctx, protocol.Creation{Length: protocol.Known(0), WithBody: true}, nil)
			},
			http.Header{"Upload-Length": {"0"}},
			client.Reply{StatusCode: 201, State: protocol.State{Location: "http://tus.example/files/1"}},
		},
		"Create, partial": {
			func(ctx context.Context, _ *fake.Server, c *client.Client) (*client.Reply, error) {
				return c.Create(ctx, protocol.Creation{Length: protocol.Known(5), Concat: protocol.Concat{Kind: protocol.ConcatPartial}}, nil)
			},
			http.Header{"Upload-Length": {"5"}, "Upload-Concat": {"partial"}},
			client.Reply{StatusCode: 201, State: protocol.State{Location: "http://tus.example/files/1"}},
		},
		"Create, bad offset": {
			func(ctx context.Context, s *fake.Server, c *client.Client) (*client.Reply, error) {
				s.On(http.MethodPost, fake.With("Upload-Offset", "x"))
				return c.Create(ctx, protocol.Creation{Length: protocol.Known(5)}, nil)
			},
			http.Header{"Upload-Length": {"5"}},
			client.Reply{StatusCode: 201, State: protocol.State{Location: "http://tus.example/files/1"}},
		},
		"Create, answered 200, expires": {
			func(ctx context.Context, s *fake.Server, c *client.Client) (*client.Reply, error) {
				s.On(http.MethodPost, fake.Status(200, "", "Location", "abc", "Upload-Expires", "Wed, 25 Jun 2014 16:00:00 GMT"))
				return c.Create(ctx, protocol.Creation{Length: protocol.Known(5)}, nil)
			},
			http.Header{"Upload-Length": {"5"}},
			client.Reply{StatusCode: 200, State: protocol.State{
				Location: "http://tus.example/files/abc", Expires: time.Date(2014, 6, 25, 16, 0, 0, 0, time.UTC),
			}},
		},
		"Head": {
			func(ctx context.Context, s *fake.Server, c *client.Client) (*client.Reply, error) {
				return c.Head(ctx, s.Put("he", protocol.Known(5), metadata), nil)
			},
			http.Header{},
			client.Reply{StatusCode: 200, State: protocol.State{
				Location: "http://tus.example/files/1", Offset: 2, Length: protocol.Known(5), Metadata: metadata,
			}},
		},
		"Head, answered 204": {
			func(ctx context.Context, s *fake.Server, c *client.Client) (*client.Reply, error) {
				s.On(http.MethodHead, fake.Status(204, "", "Upload-Offset", "3", "Upload-Defer-Length", "1"))
				return c.Head(ctx, s.URL+"x?y=a+b", nil)
			},
			http.Header{},
			client.Reply{StatusCode: 204, State: protocol.State{Location: "http://tus.example/files/x?y=a+b", Offset: 3}},
		},
		"Patch": {
			func(ctx context.Context, s *fake.Server, c *client.Client) (*client.Reply, error) {
				return c.Patch(ctx, s.Put("he", protocol.Known(5), nil), protocol.Patch{Offset: 2}, strings.NewReader("llo"), 3, nil)
			},
			http.Header{"Upload-Offset": {"2"}},
			client.Reply{StatusCode: 204, State: protocol.State{Location: "http://tus.example/files/1", Offset: 5}},
		},
		"Patch, declaring the length, answered 200": {
			func(ctx context.Context, s *fake.Server, c *client.Client) (*client.Reply, error) {
				s.On(http.MethodPatch, fake.Status(200, "thanks", "Upload-Offset", "3"))
				patch := protocol.Patch{Offset: 2, Length: protocol.Known(5)}
				return c.Patch(ctx, s.Put("he", protocol.Length{}, nil), patch, strings.NewReader("llo, more"), 3, nil)
			},
			http.Header{"Upload-Offset": {"2"}, "Upload-Length": {"5"}},
			client.Reply{StatusCode: 200, State: protocol.State{Location: "http://tus.example/files/1", Offset: 3}},
		},
		"Patch of nothing": {
			func(ctx context.Context, s *fake.Server, c *client.Client) (*client.Reply, error) {
				return c.Patch(ctx, s.Put("he", protocol.Length{}, nil), protocol.Patch{Offset: 2, Length: protocol.Known(2)}, nil, 0, nil)
			},
			http.Header{"Upload-Offset": {"2"}, "Upload-Length": {"2"}},
			client.Reply{StatusCode: 204, State: protocol.State{Location: "http://tus.example/files/1", Offset: 2}},
		},
		"Terminate": {
			func(ctx context.Context, s *fake.Server, c *client.Client) (*client.Reply, error) {
				return c.Terminate(ctx, s.Put("he", protocol.Known(5), nil), nil)
			},
			http.Header{},
			client.Reply{StatusCode: 204, State: protocol.State{Location: "http://tus.example/files/1"}},
		},
		"Concat": {
			func(ctx context.Context, s *fake.Server, c *client.Client) (*client.Reply, error) {
				s.On(http.MethodPost, fake.Status(201, "", "Location", "/files/9"))
				return c.Concat(ctx, []string{"/files/2", "http://tus.example/files/1"}, metadata, nil)
			},
			http.Header{"Upload-Concat": {"final;/files/2 http://tus.example/files/1"}, "Upload-Metadata": {"name YQ=="}},
			client.Reply{StatusCode: 201, State: protocol.State{Location: "http://tus.example/files/9"}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			reply, err := test.call(t.Context(), s, clienttest.NewClient(t, s, client.Config{}))
			if err != nil {
				t.Fatal(err)
			}
			if reply.Header == nil {
				t.Error("the reply has no headers")
			}
			test.want.Header, test.want.URL = reply.Header, test.want.State.Location
			if diff := cmp.Diff(&test.want, reply); diff != "" {
				t.Errorf("reply (-want +got):\n%s", diff)
			}
			sent := http.Header{}
			for name, values := range s.Requests()[0].Header {
				if strings.HasPrefix(name, "Upload-") {
					sent[name] = values
				}
			}
			if diff := cmp.Diff(test.sent, sent); diff != "" {
				t.Errorf("headers sent (-want +got):\n%s", diff)
			}
		})
	}
}

// A request that cannot be sent fails with an *Error.
func TestExchangeRefused(t *testing.T) {
	s := fake.New(t, fake.Config{})
	c := clienttest.NewClient(t, s, client.Config{})
	ctx, bad := t.Context(), &client.CallOptions{Header: http.Header{"A\n": {"b"}}}
	tests := map[string]struct {
		call func() (*client.Reply, error)
		is   error
	}{
		"metadata": {func() (*client.Reply, error) {
			return c.Create(ctx, protocol.Creation{Metadata: protocol.Metadata{"a b": ""}}, nil)
		}, protocol.ErrInvalidMetadata},
		"final without parts": {func() (*client.Reply, error) { return c.Concat(ctx, nil, nil, nil) }, protocol.ErrInvalidConcat},
		"negative offset": {func() (*client.Reply, error) {
			return c.Patch(ctx, s.URL+"1", protocol.Patch{Offset: -1}, strings.NewReader("a"), 1, nil)
		}, protocol.ErrInvalidOffset},
		"end beyond the largest offset": {func() (*client.Reply, error) {
			return c.Patch(ctx, s.URL+"1", protocol.Patch{Offset: math.MaxInt64}, strings.NewReader("a"), 1, nil)
		}, client.ErrInvalidOption},
		"header of Options":   {func() (*client.Reply, error) { return c.Options(ctx, bad) }, client.ErrInvalidOption},
		"header of Head":      {func() (*client.Reply, error) { return c.Head(ctx, s.URL+"1", bad) }, client.ErrInvalidOption},
		"header of Terminate": {func() (*client.Reply, error) { return c.Terminate(ctx, s.URL+"1", bad) }, client.ErrInvalidOption},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := test.call()
			clienttest.WantErrorIs(t, err, test.is)
			if e := clienttest.ErrorOf(t, err); e.Retryable() || e.StatusCode != 0 {
				t.Errorf("facts %+v, want Retryable false and StatusCode 0", e)
			}
		})
	}
	clienttest.WantRequests(t, s)
}

// Patch fails if the answer names an offset that the request cannot have led to.
func TestPatchOffset(t *testing.T) {
	s := fake.New(t, fake.Config{})
	c := clienttest.NewClient(t, s, client.Config{})
	for offset, want := range map[string]error{
		"1": protocol.ErrOffsetBack, "2": nil, "3": nil, "5": nil, "6": protocol.ErrOffsetBeyond,
		"": protocol.ErrMissingHeader, "-2": protocol.ErrInvalidOffset,
	} {
		s.On(http.MethodPatch, fake.Status(204, "", "Upload-Offset", offset))
		_, err := c.Patch(t.Context(), s.URL+"1", protocol.Patch{Offset: 2}, strings.NewReader("llo"), 3, nil)
		if !errors.Is(err, want) {
			t.Errorf("offset %q: error %v, want %v", offset, err, want)
		}
	}
}

// The source is not read after a call returned, even if the Doer still reads the body.
func TestSourceIsNotReadAfterReturn(t *testing.T) {
	var body io.ReadCloser
	c, err := client.New(client.Config{Doer: transport.DoerFunc(func(r *http.Request) (*http.Response, error) {
		body = r.Body
		return &http.Response{StatusCode: http.StatusNoContent, Header: http.Header{"Upload-Offset": {"0"}}, Body: http.NoBody, Request: r}, nil
	})})
	if err != nil {
		t.Fatal(err)
	}
	src := clienttest.PlainReader("hello")
	if _, err := c.Patch(t.Context(), "http://tus.example/1", protocol.Patch{}, src, 5, nil); err != nil {
		t.Fatal(err)
	}
	if n, err := body.Read(make([]byte, 5)); n != 0 || err == nil {
		t.Errorf("%d bytes, %v, want 0 and an error", n, err)
	}
	if rest, _ := io.ReadAll(src); string(rest) != "hello" {
		t.Errorf("%q of the source was not read", rest)
	}
}

// Headers of the call win over those of the Config, and headers of the protocol win over both.
func TestHeaderOrder(t *testing.T) {
	s := fake.New(t, fake.Config{})
	c := clienttest.NewClient(t, s, client.Config{Header: http.Header{
		"x-client": {"client"}, "X-Both": {"client", "twice"}, "X-Removed": {"client"},
		"Tus-Resumable": {"0.2.2"}, "Authorization": {"Basic abc"},
	}})
	url := s.Put("", protocol.Known(5), nil)
	_, err := c.Patch(t.Context(), url, protocol.Patch{}, strings.NewReader("hello"), 5, &client.CallOptions{Header: http.Header{
		"x-both": {"call"}, "X-Call": {"a", "b"}, "X-Removed": nil,
		"Upload-Offset": {"77"}, "Content-Type": {"text/plain"}, "Host": {"virtual.example"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	r := s.Requests()[0]
	want := map[string][]string{
		"X-Client": {"client"}, "X-Both": {"call"}, "X-Call": {"a", "b"}, "X-Removed": nil, "Authorization": {"Basic abc"},
		"Tus-Resumable": {"1.0.0"}, "Upload-Offset": {"0"}, "Content-Type": {"application/offset+octet-stream"},
	}
	for name, values := range want {
		if diff := cmp.Diff(values, r.Header.Values(name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if r.URL != "http://virtual.example/files/1" {
		t.Errorf("the request was sent to %s, want %q", r.URL, "http://virtual.example/files/1")
	}
	if _, err := c.Head(t.Context(), url, nil); err != nil {
		t.Fatal(err)
	}
	if r := s.Requests()[1]; r.Header.Get("X-Both") != "client" || r.Header.Get("X-Call") != "" {
		t.Errorf("the headers of a call are in the next request: %v, want X-Both %q and X-Call \"\"", r.Header, "client")
	}
}

// UploadOptions.Header is sent with each request of the upload.
func TestHeaderOfUpload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		c := clienttest.NewClient(t, s, client.Config{})
		s.On(http.MethodPatch, fake.Cut(1))
		header := http.Header{"X-Upsert": {"true"}}
		if _, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), &client.UploadOptions{Header: header}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.UploadConcat(t.Context(), []client.Source{clienttest.TextSource(t, "a")}, &client.ConcatOptions{Header: header}); err != nil {
			t.Fatal(err)
		}
		for _, r := range s.Requests() {
			if r.Header.Get("X-Upsert") != "true" {
				t.Errorf("%s lacks the header", r)
			}
		}
	})
}

// A Doer may return a response whose Request is nil.
func TestDoerWithoutResponseRequest(t *testing.T) {
	body := &clienttest.CloseRecorder{Reader: strings.NewReader("")}
	c, err := client.New(client.Config{Endpoint: "http://tus.example/files/", Doer: transport.DoerFunc(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusCreated, Header: http.Header{"Location": {"1"}}, Body: body}, nil
	})})
	if err != nil {
		t.Fatal(err)
	}
	reply, err := c.Create(t.Context(), protocol.Creation{}, nil)
	if err != nil || reply.State.Location != "http://tus.example/files/1" {
		t.Errorf("%+v, %v, want State.Location %q and no error", reply, err, "http://tus.example/files/1")
	}
	if !body.Closed {
		t.Error("the body was not closed")
	}
}

// An answer whose body is cut off is used, because its headers are complete.
func TestAnswerBodyCutOff(t *testing.T) {
	broken := io.MultiReader(strings.NewReader("ERR_UPLOAD_LOCKED: fi"), clienttest.BlockedReader{Ctx: dying(t.Context())})
	for _, status := range []int{201, 423} {
		c, err := client.New(client.Config{Endpoint: "http://tus.example/files/", Doer: transport.DoerFunc(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Header: http.Header{"Location": {"1"}}, Body: io.NopCloser(broken), Request: r}, nil
		})})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Create(t.Context(), protocol.Creation{}, nil)
		if status == 201 && err != nil || status == 423 && !errors.Is(err, protocol.ErrLocked) {
			t.Errorf("%d: %v, want success for 201 and ErrLocked for 423", status, err)
		}
	}
}
