package client_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
)

// Invalid options and sources fail before any request is sent.
func TestInvalidInputFailsBeforeAnyRequest(t *testing.T) {
	tests := map[string]struct {
		options client.UploadOptions
		is      error
		words   string
	}{
		"key with a space":   {client.UploadOptions{Metadata: protocol.Metadata{"file name": "a"}}, protocol.ErrInvalidMetadata, `"file name" holds a space`},
		"empty key":          {client.UploadOptions{Metadata: protocol.Metadata{"": "a"}}, protocol.ErrInvalidMetadata, "is empty"},
		"key with a comma":   {client.UploadOptions{Metadata: protocol.Metadata{"a,b": "a"}}, protocol.ErrInvalidMetadata, "holds a comma"},
		"key with an umlaut": {client.UploadOptions{Metadata: protocol.Metadata{"ü": "a"}}, protocol.ErrInvalidMetadata, "outside ASCII"},
		"header name":        {client.UploadOptions{Header: http.Header{"X Y": {"a"}}}, client.ErrInvalidOption, `name "X Y"`},
		"header value":       {client.UploadOptions{Header: http.Header{"X-Y": {"hidden\r\nX-Z: 1"}}}, client.ErrInvalidOption, "the value of header X-Y"},
		"chunk size":         {client.UploadOptions{ChunkSize: -1}, client.ErrInvalidOption, "chunk size -1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			c := clienttest.NewClient(t, s, client.Config{})
			res, err := c.Upload(t.Context(), clienttest.TextSource(t, "a"), &test.options)
			clienttest.WantErrorIs(t, err, test.is)
			clienttest.WantClearError(t, err, test.words)
			if res == nil || res.URL != "" || strings.Contains(err.Error(), "hidden") {
				t.Errorf("error %q, result %+v, want no %q in it, not nil and URL \"\"", err, res, "hidden")
			}
			if _, err = c.UploadConcat(t.Context(), []client.Source{clienttest.TextSource(t, "a")}, &client.ConcatOptions{
				Metadata: test.options.Metadata, Header: test.options.Header, ChunkSize: test.options.ChunkSize,
			}); !errors.Is(err, test.is) {
				t.Errorf("UploadConcat: error %v, want %v", err, test.is)
			}
			if test.options.Metadata == nil {
				if _, err = c.Resume(t.Context(), s.URL+"1", clienttest.TextSource(t, "a"), &test.options); !errors.Is(err, test.is) {
					t.Errorf("Resume: error %v, want %v", err, test.is)
				}
			}
			clienttest.WantRequests(t, s)
		})
	}
}

// Invalid options fail before the first byte of a stream is read.
func TestInvalidOptionsFailBeforeStreamIsRead(t *testing.T) {
	s := fake.New(t, fake.Config{})
	src := client.Stream(clienttest.BlockedReader{Ctx: t.Context()}, nil)
	_, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), src, &client.UploadOptions{Metadata: protocol.Metadata{"a b": ""}})
	clienttest.WantErrorIs(t, err, protocol.ErrInvalidMetadata)
	clienttest.WantRequests(t, s)
}

func TestNilSource(t *testing.T) {
	s := fake.New(t, fake.Config{})
	c := clienttest.NewClient(t, s, client.Config{})
	res, err := c.Upload(t.Context(), nil, nil)
	clienttest.WantErrorIs(t, err, client.ErrSource, client.ErrInvalidOption)
	if diff := cmp.Diff(&client.Result{}, res); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, err = c.Resume(t.Context(), s.URL+"1", nil, nil)
	clienttest.WantErrorIs(t, err, client.ErrSource)
	outcomes, err := c.UploadAll(t.Context(), []client.Item{{}})
	clienttest.WantErrorIs(t, err, client.ErrSource)
	if outcomes[0].Result == nil {
		t.Error("no result")
	}
	_, err = client.ReaderAt(nil, 0)
	clienttest.WantErrorIs(t, err, client.ErrSource, client.ErrInvalidOption)
	_, err = c.Upload(t.Context(), client.Stream(nil, nil), nil)
	clienttest.WantErrorIs(t, err, client.ErrSource, client.ErrInvalidOption)
	_, err = c.Patch(t.Context(), s.URL+"1", protocol.Patch{}, nil, 1, nil)
	clienttest.WantErrorIs(t, err, client.ErrInvalidOption)
	_, err = c.Patch(t.Context(), s.URL+"1", protocol.Patch{}, strings.NewReader(""), -1, nil)
	clienttest.WantErrorIs(t, err, client.ErrInvalidOption)
	clienttest.WantRequests(t, s)
}

func TestBadURL(t *testing.T) {
	tests := map[string]struct{ url, words string }{
		"no scheme":            {"tus.example/files/", `"tus.example/files/" has no scheme`},
		"no scheme, with port": {"tus.example:1080/files/", "scheme"},
		"only a path":          {"/files/", "has no scheme"},
		"another scheme":       {"ftp://tus.example/", `scheme "ftp" is neither http nor https`},
		"no host":              {"http:///files/", "has no host"},
		"no host, with port":   {"http://:80/files/", "has no host"},
		"port too large":       {"http://tus.example:65536/", "no port 65536"},
		"opaque":               {"http:tus.example", "has no host"},
		"control character":    {"http://tus.example/\n", "control character"},
		"bad escape":           {"http://%zz/", "invalid URL escape"},
		"empty":                {"", `"" has no scheme`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			c := clienttest.NewClient(t, s, client.Config{})
			if test.url != "" {
				_, err := client.New(client.Config{Endpoint: test.url})
				clienttest.WantErrorIs(t, err, client.ErrInvalidURL)
				clienttest.WantClearError(t, err, test.words)
			}
			res, err := c.Resume(t.Context(), test.url, clienttest.TextSource(t, "a"), nil)
			clienttest.WantErrorIs(t, err, client.ErrInvalidURL)
			clienttest.WantClearError(t, err, test.words)
			if res == nil || res.Retries != 0 {
				t.Errorf("result %+v, want not nil and Retries 0", res)
			}
			_, err = c.Head(t.Context(), test.url, nil)
			clienttest.WantErrorIs(t, err, client.ErrInvalidURL)
			_ = clienttest.ErrorOf(t, err)
			_, err = c.Metadata(t.Context(), test.url, nil)
			clienttest.WantErrorIs(t, err, client.ErrInvalidURL)
			_, err = c.Terminate(t.Context(), test.url, nil)
			clienttest.WantErrorIs(t, err, client.ErrInvalidURL)
			clienttest.WantRequests(t, s)
		})
	}
}

func TestNoEndpoint(t *testing.T) {
	s := fake.New(t, fake.Config{})
	c, err := client.New(client.Config{Doer: s.Doer()})
	if err != nil {
		t.Fatal(err)
	}
	if c.Endpoint() != "" {
		t.Errorf("endpoint %q, want \"\"", c.Endpoint())
	}
	_, err = c.Upload(t.Context(), clienttest.TextSource(t, "a"), nil)
	clienttest.WantErrorIs(t, err, client.ErrNoEndpoint)
	_, err = c.UploadConcat(t.Context(), []client.Source{clienttest.TextSource(t, "a")}, nil)
	clienttest.WantErrorIs(t, err, client.ErrNoEndpoint)
	for op, call := range map[protocol.Op]func() (*client.Reply, error){
		protocol.OpOptions: func() (*client.Reply, error) { return c.Options(t.Context(), nil) },
		protocol.OpCreate:  func() (*client.Reply, error) { return c.Create(t.Context(), protocol.Creation{}, nil) },
		protocol.OpConcat:  func() (*client.Reply, error) { return c.Concat(t.Context(), []string{"/a"}, nil, nil) },
	} {
		_, err = call()
		clienttest.WantErrorIs(t, err, client.ErrNoEndpoint)
		if e := clienttest.ErrorOf(t, err); e.Op != op || strings.Contains(err.Error(), "  ") || strings.Contains(err.Error(), " :") {
			t.Errorf("%s: error %q, want no %q in it, no %q in it and Op %q", op, err, "  ", " :", op)
		}
	}
	clienttest.WantRequests(t, s)

	url := s.Put("h", protocol.Known(5), nil)
	if _, err := c.Resume(t.Context(), url, clienttest.TextSource(t, "hello"), nil); err != nil {
		t.Errorf("Resume needs no endpoint: %v", err)
	}
}

func TestBadConfig(t *testing.T) {
	tests := map[string]struct {
		cfg client.Config
		is  error
	}{
		"chunk size":   {client.Config{ChunkSize: -1}, client.ErrInvalidOption},
		"concurrency":  {client.Config{Concurrency: -1}, client.ErrInvalidOption},
		"header name":  {client.Config{Header: http.Header{"": {"a"}}}, client.ErrInvalidOption},
		"header value": {client.Config{Header: http.Header{"A": {"\x00"}}}, client.ErrInvalidOption},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := client.New(test.cfg)
			clienttest.WantErrorIs(t, err, test.is)
			clienttest.WantClearError(t, err)
		})
	}
}

// An answer that is not from a tus server, or that contradicts the upload, is an error whose
// text names the header and the value.
func TestBadAnswers(t *testing.T) {
	html := []string{"Content-Type", "text/html", "Tus-Resumable", ""}
	tests := map[string]struct {
		method string
		action fake.Action
		is     error
		words  []string
		seen   int
		orphan int
	}{
		"endpoint answers HTML":      {http.MethodPost, fake.Status(200, clienttest.HTMLPage, html...), client.ErrNotTus, []string{"Location", "text/html", "not that of a tus server"}, 1, 1},
		"endpoint is not found":      {http.MethodPost, fake.Status(404, clienttest.HTMLPage, html...), protocol.ErrNotFound, []string{"not found (404)"}, 1, 0},
		"no Location":                {http.MethodPost, fake.With("Location", ""), protocol.ErrMissingHeader, []string{"header Location: missing"}, 1, 1},
		"Location does not parse":    {http.MethodPost, fake.With("Location", "http://[::1/files"), client.ErrInvalidLocation, []string{"invalid location"}, 1, 1},
		"Location of another scheme": {http.MethodPost, fake.With("Location", "ftp://tus.example/1"), client.ErrInvalidLocation, []string{"ftp"}, 1, 1},
		"Location without host":      {http.MethodPost, fake.With("Location", "http:///files/1"), client.ErrInvalidLocation, []string{"invalid location"}, 1, 1},

		"HEAD without offset":         {http.MethodHead, fake.With("Upload-Offset", ""), protocol.ErrMissingHeader, []string{"header Upload-Offset: missing"}, 3, 0},
		"HEAD with garbage":           {http.MethodHead, fake.With("Upload-Offset", "two"), protocol.ErrInvalidOffset, []string{`"two"`}, 3, 0},
		"HEAD with a negative offset": {http.MethodHead, fake.With("Upload-Offset", "-1"), protocol.ErrInvalidOffset, []string{`"-1"`}, 3, 0},
		"HEAD with a huge offset":     {http.MethodHead, fake.With("Upload-Offset", "9223372036854775808"), protocol.ErrInvalidOffset, []string{"too large"}, 3, 0},
		"HEAD beyond the length":      {http.MethodHead, fake.With("Upload-Offset", "6"), protocol.ErrInvalidOffset, []string{"beyond the length 5"}, 3, 0},
		"HEAD with a garbage length":  {http.MethodHead, fake.With("Upload-Length", "0x5"), protocol.ErrInvalidHeader, []string{`"0x5"`}, 3, 0},
		"HEAD says another length":    {http.MethodHead, fake.With("Upload-Length", "7"), client.ErrLengthMismatch, []string{"length mismatch", "7", "5"}, 3, 0},
		"HEAD says it is gone":        {http.MethodHead, fake.Status(404, ""), protocol.ErrNotFound, []string{"not found"}, 3, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				if test.method == http.MethodHead {
					s.On(http.MethodPatch, fake.Cut(2))
				}
				s.On(test.method, test.action)
				res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
				clienttest.WantErrorIs(t, err, test.is)
				clienttest.WantClearError(t, err, test.words...)
				if strings.Contains(err.Error(), "doctype") {
					t.Errorf("error %q repeats a page", err)
				}
				if e := clienttest.ErrorOf(t, err); e.Header == nil || e.StatusCode == 0 {
					t.Errorf("facts %+v, want Header not nil and StatusCode not 0", e)
				}
				if len(s.Seen()) != test.seen || res.Orphans != test.orphan || res.URL == "" != (test.method == http.MethodPost) {
					t.Errorf("requests %q, result %+v, want %d requests, Orphans %d and a URL: %t", s.Seen(), res, test.seen, test.orphan, test.method != http.MethodPost)
				}
			})
		})
	}
}

// Metadata that cannot be read is an error of Client.Metadata. Other calls ignore it.
func TestBadMetadata(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		c := clienttest.NewClient(t, s, client.Config{})
		url := s.Put("he", protocol.Known(5), nil)
		bad := fake.With("Upload-Metadata", "a !!!,b Yg==")
		s.On(http.MethodHead, bad, bad, bad)

		m, err := c.Metadata(t.Context(), url, nil)
		clienttest.WantErrorIs(t, err, protocol.ErrInvalidMetadata)
		clienttest.WantClearError(t, err, "not base64")
		if e := clienttest.ErrorOf(t, err); e.StatusCode != http.StatusOK || e.URL != url || e.Header == nil {
			t.Errorf("facts %+v, want StatusCode 200, URL %q and Header not nil", e, url)
		}
		if diff := cmp.Diff(protocol.Metadata{"b": "b"}, m); diff != "" {
			t.Errorf("state from the readable headers (-want +got):\n%s", diff)
		}
		if _, err := c.Resume(t.Context(), url, clienttest.TextSource(t, "hello"), nil); err != nil {
			t.Errorf("Resume: %v", err)
		}
		reply, err := c.Head(t.Context(), url, nil)
		if err != nil || reply.State.Warning(protocol.HeaderUploadMetadata) == nil {
			t.Errorf("Head: %v, warnings %v, want no error and not nil", err, reply.State.Warnings)
		}
	})
}

func TestMetadata(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		c := clienttest.NewClient(t, s, client.Config{})
		want := protocol.Metadata{"filename": "a b.txt", "empty": ""}
		url := s.Put("", protocol.Known(5), want)
		s.On(http.MethodHead, fake.Status(503, ""), fake.Status(500, "ERR_LOCK_TIMEOUT: x"))
		got, err := c.Metadata(t.Context(), url, &client.CallOptions{Header: http.Header{"X-Call": {"1"}}})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("metadata (-want +got):\n%s", diff)
		}
		for _, r := range s.Requests() {
			if r.Header.Get("X-Call") != "1" {
				t.Errorf("%s lacks the header of the call", r)
			}
		}
		if got, err = c.Metadata(t.Context(), s.Put("", protocol.Known(5), nil), nil); err != nil || len(got) != 0 {
			t.Errorf("Head of an upload without metadata: %v, %v", got, err)
		}
		_, err = c.Metadata(t.Context(), s.URL+"gone", nil)
		clienttest.WantErrorIs(t, err, protocol.ErrNotFound)
		_ = clienttest.ErrorOf(t, err)
	})
}

func TestDownloadWithoutWriter(t *testing.T) {
	s := fake.New(t, fake.Config{})
	_, err := clienttest.NewClient(t, s, client.Config{}).Download(t.Context(), s.Put("", protocol.Known(0), nil), nil, nil)
	clienttest.WantErrorIs(t, err, client.ErrInvalidOption)
}

func TestCloseIdleConnections(t *testing.T) {
	s := fake.New(t, fake.Config{})
	closed := 0
	clienttest.NewClient(t, s, client.Config{Doer: idleCounter{s.Doer(), &closed}}).CloseIdleConnections()
	clienttest.NewClient(t, s, client.Config{Doer: transport.DoerFunc(s.Doer().Do)}).CloseIdleConnections()
	if closed != 1 {
		t.Errorf("closed %d times, want 1", closed)
	}
}

type idleCounter struct {
	*http.Client
	closed *int
}

func (c idleCounter) CloseIdleConnections() { *c.closed++ }
