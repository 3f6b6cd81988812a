package s3_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/source/httpsource"
	"github.com/tusker-go/tusker/client/source/s3"
)

// list returns the keys of a listing.
func list(ctx context.Context, c *s3.Client, prefix, after string) (keys []string, err error) {
	for e, err := range c.List(ctx, s3.Location{Bucket: "media", Key: prefix}, after) {
		if err != nil {
			return keys, err
		}
		keys = append(keys, e.Key)
	}
	return keys, nil
}

var keys = []string{"2024/", "2024/a+b.mov", "2024/a.mov", "2024/b/c d.mov", "2024/ä\x01?.mov", "2024/ü.mov", "2025/a.mov"}

// A listing has all pages in the order of keys, without markers for folders.
func TestList(t *testing.T) {
	for name, test := range map[string]struct {
		prefix, after string
		want          []string
		requests      int
	}{
		"all":             {want: append(append([]string(nil), keys[1:6]...), keys[6]), requests: 4},
		"prefix":          {prefix: "2024/", want: keys[1:6], requests: 3},
		"after a key":     {prefix: "2024/", after: keys[2], want: keys[3:6], requests: 2},
		"nothing there":   {prefix: "2026", requests: 1},
		"after the last":  {prefix: "2024/", after: keys[5], requests: 1},
		"prefix of a key": {prefix: "2024/a.m", want: keys[2:3], requests: 1},
	} {
		t.Run(name, func(t *testing.T) {
			s, endpoint := newStore(t, 2, keys...)
			got, err := list(t.Context(), newClient(t, s3.Config{Endpoint: endpoint}), test.prefix, test.after)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("keys (-want +got):\n%s", diff)
			}
			if len(s.requests) != test.requests {
				t.Errorf("%d requests, want %d", len(s.requests), test.requests)
			}
		})
	}
	_, endpoint := newStore(t, 10, keys...)
	for e, err := range newClient(t, s3.Config{Endpoint: endpoint}).List(t.Context(), s3.Location{Bucket: "media", Key: "2024/a.mov"}, "") {
		want := s3.Location{Bucket: "media", Key: "2024/a.mov", ETag: `"2"`}
		if err != nil || e.Location != want || e.Size != 10 || e.Modified.Year() != 2026 || e.StorageClass != "STANDARD" {
			t.Errorf("entry %+v, error %v", e, err)
		}
	}
}

// A caller that stops early requests no further page.
func TestListStops(t *testing.T) {
	s, endpoint := newStore(t, 2, keys...)
	for e, err := range newClient(t, s3.Config{Endpoint: endpoint}).List(t.Context(), s3.Location{Bucket: "media"}, "") {
		if err != nil || e.Key != keys[1] {
			t.Errorf("entry %+v, error %v", e, err)
		}
		break
	}
	if len(s.requests) != 1 {
		t.Errorf("%d requests", len(s.requests))
	}
}

// A page that fails is requested again, and pages that cannot be those of S3 are errors.
func TestListFaults(t *testing.T) {
	text := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, body) }
	}
	object := func(key string) string {
		return "<Contents><Key>" + key + "</Key><Size>1</Size><LastModified>2026-01-02T03:04:05Z</LastModified></Contents>"
	}
	unavailable := func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusServiceUnavailable, "SlowDown", "Please reduce your request rate.")
	}
	refused := func(status int, code string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { refuse(w, status, code, "text") }
	}
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = fmt.Fprint(w, "<ListBucketResult>")
		panic(http.ErrAbortHandler)
	}
	for name, test := range map[string]struct {
		script []http.HandlerFunc
		is     error // nil: the listing is complete
	}{
		"503":                    {[]http.HandlerFunc{nil, unavailable, unavailable}, nil},
		"cut":                    {[]http.HandlerFunc{nil, cut}, nil},
		"page of a portal":       {[]http.HandlerFunc{text("<html>please log in"), nil}, nil},
		"portal for ever":        {[]http.HandlerFunc{text("<html>"), text("<html>"), text("<html>")}, s3.ErrListing},
		"no bucket":              {[]http.HandlerFunc{refused(http.StatusNotFound, "NoSuchBucket")}, s3.ErrNoBucket},
		"denied":                 {[]http.HandlerFunc{refused(http.StatusForbidden, "AccessDenied")}, httpsource.ErrDenied},
		"other prefix":           {[]http.HandlerFunc{text("<ListBucketResult>" + object("2025/x") + "</ListBucketResult>")}, s3.ErrListing},
		"not in order":           {[]http.HandlerFunc{text("<ListBucketResult>" + object("2024/b") + object("2024/a") + "</ListBucketResult>")}, s3.ErrListing},
		"no token":               {[]http.HandlerFunc{text("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>")}, s3.ErrListing},
		"the same page for ever": {[]http.HandlerFunc{nil, text("<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>2</NextContinuationToken></ListBucketResult>")}, s3.ErrListing},
	} {
		t.Run(name, func(t *testing.T) {
			s, endpoint := newStore(t, 2, keys...)
			s.script = test.script
			got, err := list(t.Context(), newClient(t, s3.Config{Endpoint: endpoint}), "2024/", "")
			if test.is == nil {
				if err != nil || !cmp.Equal(got, keys[1:6]) {
					t.Errorf("keys %q, error %v", got, err)
				}
				return
			}
			if !errors.Is(err, test.is) || !errors.Is(err, client.ErrSource) || !strings.Contains(err.Error(), "s3://media") {
				t.Errorf("error %v, want one that Is %v", err, test.is)
			}
		})
	}
}
