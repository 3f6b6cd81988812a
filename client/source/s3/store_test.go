package s3_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/tusker-go/tusker/client/source/s3"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// doer returns a Doer whose connections end with the test.
func doer(t *testing.T) transport.Doer {
	t.Helper()
	d := nethttp.New(nethttp.Config{NoProxy: true})
	d.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	t.Cleanup(d.CloseIdleConnections)
	return d
}

// newClient returns a client that retries twice without a wait.
func newClient(t *testing.T, cfg s3.Config) *s3.Client {
	t.Helper()
	if cfg.Doer == nil {
		cfg.Doer = doer(t)
	}
	if cfg.Retry == nil {
		cfg.Retry = retry.Delays(0, 0)
	}
	c, err := s3.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// store is a fake store that lists keys in small pages.
type store struct {
	keys     []string // in the order of their bytes
	pageSize int

	mu       sync.Mutex
	requests []*url.URL
	script   []http.HandlerFunc // for the next requests; nil: the listing
}

func newStore(t *testing.T, pageSize int, keys ...string) (*store, string) {
	t.Helper()
	s := &store{keys: keys, pageSize: pageSize}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server.URL
}

// ServeHTTP answers ListObjectsV2 for the bucket "media".
func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r.URL)
	if len(s.script) > 0 {
		answer := s.script[0]
		s.script = s.script[1:]
		if answer != nil {
			answer(w, r)
			return
		}
	}
	q := r.URL.Query()
	if r.URL.Path != "/media" || q.Get("list-type") != "2" {
		refuse(w, http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
		return
	}
	first := slices.IndexFunc(s.keys, func(key string) bool {
		return strings.HasPrefix(key, q.Get("prefix")) && key > q.Get("start-after")
	})
	if token := q.Get("continuation-token"); token != "" {
		first, _ = strconv.Atoi(token)
	}
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><EncodingType>url</EncodingType>`)
	n, i := 0, first
	for ; i >= 0 && i < len(s.keys) && strings.HasPrefix(s.keys[i], q.Get("prefix")) && n < s.pageSize; i, n = i+1, n+1 {
		size := len(s.keys[i])
		if strings.HasSuffix(s.keys[i], "/") {
			size = 0
		}
		_, _ = fmt.Fprintf(&b, `<Contents><Key>%s</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>&quot;%d&quot;</ETag><Size>%d</Size><StorageClass>STANDARD</StorageClass></Contents>`,
			url.QueryEscape(s.keys[i]), i, size)
	}
	more := n == s.pageSize && i < len(s.keys) && strings.HasPrefix(s.keys[i], q.Get("prefix"))
	_, _ = fmt.Fprintf(&b, "<IsTruncated>%t</IsTruncated>", more)
	if more {
		_, _ = fmt.Fprintf(&b, "<NextContinuationToken>%d</NextContinuationToken>", i)
	}
	b.WriteString("</ListBucketResult>")
	w.Header().Set("Content-Type", "application/xml")
	_, _ = w.Write([]byte(b.String()))
}

// refuse answers with an error of S3 and a header of names and values.
func refuse(w http.ResponseWriter, status int, code, text string, header ...string) {
	for i := 0; i < len(header); i += 2 {
		w.Header().Set(header[i], header[i+1])
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>%s</Message></Error>`, code, text)
}
