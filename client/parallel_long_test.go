package client_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// longURLs is a server whose URLs have n bytes more, behind a proxy that refuses header lines of
// more than 8 KiB, as nginx does by default.
func longURLs(n int) fake.Config {
	return fake.Config{
		Location: func(path string) string { return path + "?" + strings.Repeat("s", n) },
		Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			for name, values := range r.Header {
				if len(name)+len(strings.Join(values, ", "))+4 > 8<<10 {
					fake.Status(http.StatusBadRequest, "<html>400 Request Header Or Cookie Too Large</html>")(w, r, next)
					return
				}
			}
			next.ServeHTTP(w, r)
		},
	}
}

// There are only as many parts as the request that joins them can name.
func TestPartsWithLongURLs(t *testing.T) {
	const mib = 1 << 20
	for n, most := range map[int]int{10: 32, 650: 11, 1500: 5, 3300: 2} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, longURLs(n))
				data := clienttest.Noise(20 * mib)
				res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, data), &client.UploadOptions{Parallel: 16})
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, data)
				if len(res.Parts) > most || len(res.Parts) < min(most, 16)-1 || res.Sent != 20*mib {
					t.Errorf("%d parts, but one request can name only %d", len(res.Parts), most)
				}
			})
		})
	}
}

// The record has the parts that there are, so that a later run resumes them.
func TestPartsWithLongURLsAreRecorded(t *testing.T) {
	const mib = 1 << 20
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, longURLs(650))
		data := clienttest.Noise(20 * mib)
		name := clienttest.WriteFile(t, data)
		store := new(client.MemoryStore)
		for i := range 12 {
			if i != 3 {
				s.On(http.MethodPatch, nil)
				continue
			}
			s.On(http.MethodPatch, fake.Status(http.StatusUnprocessableEntity, "no"))
		}
		opts := &client.UploadOptions{Parallel: 16}
		if _, err := clienttest.NewClient(t, s, clienttest.RecordingConfig(store, nil)).Upload(t.Context(), clienttest.PathSource(t, name), opts); err == nil {
			t.Fatal("no error")
		}
		// The server may still store bytes of the requests that the failure of the part cut.
		synctest.Wait()
		record := clienttest.OnlyRecord(t, store)
		if len(record.Parts) != 10 {
			t.Errorf("the record has %d parts, want 10", len(record.Parts))
		}
		res, err := clienttest.NewClient(t, s, clienttest.RecordingConfig(store, nil)).Upload(t.Context(), clienttest.PathSource(t, name), opts)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)
	})
}

// If the server stops to announce concatenation, nothing is sent to the parts of an earlier run.
func TestServerStopsJoining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		joins := true
		s := clienttest.NewInlineServer(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Method == http.MethodOptions && !joins {
				fake.Status(http.StatusNoContent, "", "Tus-Resumable", "1.0.0", "Tus-Version", "1.0.0", "Tus-Extension", "creation")(w, r, next)
				return
			}
			next.ServeHTTP(w, r)
		}})
		store := new(client.MemoryStore)
		name := clienttest.WriteFile(t, clienttest.Noise(clienttest.FourPartsSize))
		clienttest.InterruptParts(t, s, clienttest.PartsConfig(store, nil), name)
		joins = false
		already := len(s.Seen())
		res, err := clienttest.NewClient(t, s, clienttest.PartsConfig(store, nil)).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		clienttest.WantErrorIs(t, err, client.ErrUnsupported)
		clienttest.WantRequestCounts(t, s, already, map[string]int{"OPTIONS": 1})
		if len(res.Parts) != 4 || res.Parts[0].URL == "" || res.Sent != 0 {
			t.Errorf("result %+v, want 4 in Parts, Parts[0].URL not empty and Sent 0", res)
		}
		if record := clienttest.OnlyRecord(t, store); len(record.Parts) != 4 {
			t.Errorf("record %+v, want 4 in Parts", record)
		}
	})
}

// An upload of several sources ends before their bytes are sent if the request that joins them
// would be too long, and its parts are deleted.
func TestConcatWithLongURLs(t *testing.T) {
	for name, test := range map[string]struct {
		url, sources int
		refused      bool
		options      int // requests
	}{
		"short":              {10, 16, false, 1},
		"many, and short":    {60, 105, false, 2}, // 7 KiB are exceeded, 8 KiB are not
		"long":               {650, 16, true, 2},
		"long, and few":      {650, 8, false, 1},
		"too many":           {100, 100, true, 2},
		"two URLs are long":  {5000, 2, true, 2},
		"two shorter ones":   {3000, 2, false, 1},
		"nearly too long":    {3700, 2, false, 2},
		"no limit but to us": {2500, 3, false, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, longURLs(test.url))
				var sources []client.Source
				data := ""
				for i := range test.sources {
					sources = append(sources, clienttest.TextSource(t, fmt.Sprint(i)))
					data += fmt.Sprint(i)
				}
				res, err := clienttest.NewClient(t, s, client.Config{}).UploadConcat(t.Context(), sources, nil)
				counts := clienttest.RequestCounts(s, 0)
				if counts["OPTIONS"] != test.options {
					t.Errorf("%d times OPTIONS, want %d", counts["OPTIONS"], test.options)
				}
				if !test.refused {
					if err != nil {
						t.Fatal(err)
					}
					clienttest.WantStored(t, s, res.URL, data)
					return
				}
				e := clienttest.ErrorOf(t, err)
				if e.StatusCode != http.StatusBadRequest || e.Op != protocol.OpConcat || e.HeaderSize < 8<<10 || counts[clienttest.PostFinal] != 0 {
					t.Errorf("requests %v, error %+v, want [clienttest.PostFinal] 0, StatusCode 400, Op %q and HeaderSize at least %v", counts, e, protocol.OpConcat, 8<<10)
				}
				// The end of the upload may cut the creation of other parts.
				if counts["DELETE"] == 0 || res.Sent > int64(counts[clienttest.PostPartial]) {
					t.Errorf("requests %v, %d bytes sent, want [\"DELETE\"] not 0 and Sent at most %v", counts, res.Sent, int64(counts[clienttest.PostPartial]))
				}
			})
		})
	}
}
