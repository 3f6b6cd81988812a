package s3_test

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/client/source/httpsource"
	"github.com/tusker-go/tusker/client/source/s3"
)

// unusualKeys are the keys of objects that have a content of their own.
var unusualKeys = []string{
	" ", "%", "%2F", "%41", "+", "../a", "./a", "/", "//", "/a", "A", "a", "a b", "a b ", "a!*'()", "a#b", "a%20b", "a+b", "a//b", "a/../b", "a/./b", "a/b",
	"a/b/", "a;b", "a=b&c", "a?b", "a?versionId=", "a?versionId=1", "a?versionId=null", "a\\b", "a\nb", "a\x7fb", "\u00e4", "a\u0308", "\u2028", "\U0001F3AC.mov", strings.Repeat("k", 1024),
}

// keyStore serves unusualKeys. With plain, its listing has no encoding.
type keyStore struct{ plain bool }

func (k keyStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, err := url.PathUnescape(r.URL.EscapedPath())
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	key, isObject := strings.CutPrefix(path, "/media/")
	if isObject {
		if i := slices.Index(unusualKeys, key); i < 0 || r.URL.Query().Has("versionId") {
			refuse(w, http.StatusNotFound, "NoSuchKey", "no "+key)
		} else {
			w.Header().Set("ETag", fmt.Sprintf(`"%d"`, i))
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader("content of "+key))
		}
		return
	}
	var b strings.Builder
	b.WriteString("<ListBucketResult>")
	if !k.plain {
		b.WriteString("<EncodingType>url</EncodingType>")
	}
	for _, key := range slices.Sorted(slices.Values(unusualKeys)) {
		written := url.QueryEscape(key)
		if k.plain {
			var text strings.Builder
			_ = xml.EscapeText(&text, []byte(key))
			written = text.String()
		}
		_, _ = fmt.Fprintf(&b, "<Contents><Key>%s</Key><ETag>&quot;%d&quot;</ETag><Size>%d</Size></Contents>", written, slices.Index(unusualKeys, key), len("content of "+key))
	}
	b.WriteString("</ListBucketResult>")
	_, _ = w.Write([]byte(b.String()))
}

// Each object of a listing is sent, whatever its key is. The name of each location leads to the
// same object again.
func TestUnusualKeys(t *testing.T) {
	for name, store := range map[string]keyStore{"encoded": {}, "not encoded": {plain: true}} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(store)
			t.Cleanup(server.Close)
			c := newClient(t, s3.Config{Endpoint: server.URL})
			s := clienttest.NewTCPServer(t, fake.Config{})
			up := clienttest.New(t, client.Config{Endpoint: s.URL, Doer: doer(t)})
			var listed []string
			for e, err := range c.List(t.Context(), s3.Location{Bucket: "media"}, "") {
				if err != nil {
					t.Fatal(err)
				}
				listed = append(listed, e.Key)
				again, err := s3.Parse(e.String())
				if again.ETag = e.ETag; err != nil || again != e.Location {
					t.Errorf("%q is %+v, error %v, want %+v", e.String(), again, err, e.Location)
				}
				res, err := up.Upload(t.Context(), open(t, c, again), nil)
				if err != nil {
					t.Fatalf("%q: %v", e.Key, err)
				}
				clienttest.WantStored(t, s, res.URL, "content of "+e.Key)
			}
			if diff := cmp.Diff(slices.Sorted(slices.Values(unusualKeys)), listed); diff != "" {
				t.Errorf("keys (-want +got):\n%s", diff)
			}
		})
	}
}

// The version of a deleted object is no object.
func TestDeleteMarker(t *testing.T) {
	store, endpoint := storeOf(t, "content")
	store.On(func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.", "X-Amz-Delete-Marker", "true")
	})
	l := film
	l.Version = "1"
	_, err := newClient(t, s3.Config{Endpoint: endpoint}).Open(t.Context(), l)
	clienttest.WantErrorIs(t, err, client.ErrSource, httpsource.ErrNotFound)
	if text := fmt.Sprint(err); !strings.Contains(text, "was deleted") {
		t.Errorf("error %q", text)
	}
}
