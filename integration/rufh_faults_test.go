package integration

import (
	"cmp"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/testserver/rufhserver"
)

// Each fault of a creation leads to the requests that recover from it, and to one upload.
func TestRUFHFaults(t *testing.T) {
	t.Parallel()
	cut := testserver.CutAfter(mib / 4)
	for name, test := range map[string]struct {
		do    testserver.Action
		want  []string
		http2 bool
		size  int // 0: 1 MiB
		err   error
	}{
		"no interim response, cut": {do: testserver.Chain(cut, rufhserver.NoInterim()), want: []string{"POST", "POST", "PATCH"}},
		"another version, cut":     {do: testserver.Chain(cut, rufhserver.InterimHeader(rufh.HeaderInteropVersion, "5")), want: []string{"POST", "POST", "PATCH"}},
		"no version, cut":          {do: testserver.Chain(cut, rufhserver.InterimHeader(rufh.HeaderInteropVersion, "")), want: []string{"POST", "POST", "PATCH"}},
		"late, cut":                {do: testserver.Chain(cut, rufhserver.LateInterim(mib/8)), want: []string{"POST", "HEAD", "PATCH"}},
		"late":                     {do: rufhserver.LateInterim(mib / 2), want: []string{"POST"}},
		"flood of a few":           {do: rufhserver.FloodInterim(100), want: []string{"POST"}},
		"flood":                    {do: rufhserver.FloodInterim(2000), want: []string{"POST"}, err: client.ErrInterim},
		"nginx":                    {do: rufhserver.AsNginx(), want: []string{"POST", "HEAD", "PATCH"}, http2: true},
		"response lost":            {do: testserver.DropReply(), want: []string{"POST", "HEAD", "PATCH"}},
		"early success":            {do: rufhserver.EarlyFinal(mib/4, 200, "enough"), want: []string{"POST"}, size: 32 * mib, err: client.ErrEarly},
		"early refusal":            {do: rufhserver.EarlyFinal(mib/4, 422, "no"), want: []string{"POST"}, err: client.ErrRefused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := rufhserver.Config{Versions: []rufh.Version{9}}
			if test.http2 {
				config.Server.TLS = &tls.Config{}
			}
			b := newRUFHBench(t, config)
			b.srv.Inject(testserver.Fault{Method: "POST", Do: test.do})
			data := content(cmp.Or(test.size, mib))
			res, err := b.client.Upload(t.Context(), client.Bytes(data), nil)
			if !errors.Is(err, test.err) || (err != nil) != (test.err != nil) {
				t.Fatalf("error %v, want %v; requests %v", err, test.err, b.methods())
			}
			b.wantMethods(test.want...)
			if err == nil && res.Response == nil {
				t.Error("there is no final response")
			}
			if err == nil && !slices.Contains(test.want[1:], "POST") {
				b.wantStored(data)
			}
		})
	}
}

// Limits are obeyed as soon as they are known. Once they are, creations have no bytes.
func TestRUFHLimits(t *testing.T) {
	t.Parallel()
	data := content(300*kib + 5)
	eachVersion(t, func(t *testing.T, v rufh.Version) {
		t.Helper()
		if v < 6 {
			return // these versions have no limits
		}
		b := newRUFHBench(t, rufhserver.Config{Versions: []rufh.Version{v}, Limits: protocol.Limits{MaxRequest: 100 * kib}})
		for range 2 {
			if _, err := b.client.Upload(t.Context(), client.Bytes(data), nil); err != nil {
				t.Fatal(err)
			}
		}
		methods := strings.Join(b.methods(), " ")
		if !strings.HasSuffix(methods, "POST PATCH PATCH PATCH PATCH") {
			t.Errorf("requests %s", methods)
		}
		for _, r := range b.srv.Requests()[1:] {
			if r.ContentLength > 100*kib {
				t.Errorf("%s of %d bytes", r.Method, r.ContentLength)
			}
		}
		urls, err := b.srv.Uploads()
		if err != nil || len(urls) > 3 {
			t.Errorf("%d uploads, %v", len(urls), err)
		}
	})
}

// A server that serves several versions and a Client with auto use the newest.
func TestRUFHAuto(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		url  func(t *testing.T) (url string, requests func() []testserver.Request)
		want []string
	}{
		{"rufh", func(t *testing.T) (string, func() []testserver.Request) {
			t.Helper()
			s := rufhserver.New(t, rufhserver.Config{})
			return s.URL(), s.Requests
		}, []string{"OPTIONS", "POST"}},
		{"tus", func(t *testing.T) (string, func() []testserver.Request) {
			t.Helper()
			s := testserver.New(t, testserver.Config{})
			return s.URL(), s.Requests
		}, []string{"OPTIONS", "POST", "PATCH"}},
		{"tusd with its experiment", func(t *testing.T) (string, func() []testserver.Request) {
			t.Helper()
			s := testserver.New(t, testserver.Config{Experimental: true})
			return s.URL(), s.Requests
		}, []string{"OPTIONS", "POST", "PATCH"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			url, requests := test.url(t)
			c := newClient(t, client.Config{Endpoint: url, Protocol: client.ProtocolAuto, InlineSize: 1})
			if _, err := c.Upload(t.Context(), client.Bytes([]byte("content")), nil); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range requests() {
				got = append(got, r.Method)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("requests %v, want %v", got, test.want)
			}
		})
	}
}

// An ordinary PUT to a target is resumed, and its response is that of the target.
func TestRUFHUpgrade(t *testing.T) {
	t.Parallel()
	data := content(mib)
	eachVersion(t, func(t *testing.T, v rufh.Version) {
		t.Helper()
		b := newRUFHBench(t, rufhserver.Config{Versions: []rufh.Version{v}, Target: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if got, err := io.ReadAll(r.Body); err != nil || r.Method != http.MethodPut || string(got) != string(data) {
				w.WriteHeader(http.StatusTeapot)
			}
			_, _ = io.WriteString(w, r.Header.Get("X-Mine"))
		})})
		b.srv.Inject(testserver.Fault{Method: "PUT", Do: testserver.CutAfter(mib / 4)})
		res, err := b.client.Upload(t.Context(), client.Bytes(data), &client.UploadOptions{
			Upgrade: &client.Upgrade{Method: "PUT"}, Header: http.Header{"X-Mine": {"kept"}},
		})
		if err != nil || res.Response == nil || res.Response.StatusCode != http.StatusOK || string(res.Response.Body) != "kept" {
			t.Errorf("error %v, response %+v", err, res.Response)
		}
		b.wantMethods("PUT", "HEAD", "PATCH")
		b.wantStored(data)
	})
}
