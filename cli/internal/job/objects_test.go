package job_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/job"
	"github.com/tusker-go/tusker/cli/internal/remote"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/fleet"
	"github.com/tusker-go/tusker/client/source/httpsource"
	"github.com/tusker-go/tusker/client/source/s3"
)

// bucket is a store with the interface of S3, whose only bucket is media. It lists two keys on a
// page.
type bucket struct {
	keys []string // in order

	mu    sync.Mutex
	asked []string // requests for objects
}

// store starts a server of keys, and returns what reads them.
func store(t *testing.T, keys ...string) (*bucket, *remote.Files) {
	t.Helper()
	slices.Sort(keys)
	b := &bucket{keys: keys}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	return b, remote.New(httpsource.Config{}, s3.Config{Anonymous: true, Endpoint: server.URL})
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := strings.TrimPrefix(r.URL.Path, "/media/")
	if r.URL.Query().Get("list-type") == "" {
		b.mu.Lock()
		b.asked = append(b.asked, key)
		b.mu.Unlock()
		w.Header().Set("ETag", `"named"`)
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(key))
		return
	}
	q, at := r.URL.Query(), 0
	after := max(q.Get("start-after"), q.Get("continuation-token"))
	for at < len(b.keys) && (b.keys[at] <= after || !strings.HasPrefix(b.keys[at], q.Get("prefix"))) {
		at++
	}
	_, _ = fmt.Fprint(w, "<ListBucketResult><EncodingType>url</EncodingType>")
	last, more := "", false
	for n := 0; at < len(b.keys) && strings.HasPrefix(b.keys[at], q.Get("prefix")); at++ {
		if more = n == 2; more {
			break
		}
		n, last = n+1, b.keys[at]
		_, _ = fmt.Fprintf(w, `<Contents><Key>%s</Key><Size>%d</Size><ETag>"listed"</ETag></Contents>`, url.QueryEscape(last), len(last))
	}
	_, _ = fmt.Fprintf(w, "<IsTruncated>%v</IsTruncated><NextContinuationToken>", more)
	_ = xml.EscapeText(w, []byte(last))
	_, _ = fmt.Fprint(w, "</NextContinuationToken></ListBucketResult>")
}

// A list has the objects below prefixes and those that are named, each once and in the order of
// the bytes of their keys. A list that resumes asks for nothing before the last item.
func TestListObjects(t *testing.T) {
	t.Chdir(tree(t, "local/a.txt", "zoo/b.txt"))
	keys := []string{"a", "a-b/1", "a.txt", "a/1", "a/b/2", "a/b/3", "a/c", "a/tmp/4", "b/1", "odd//key", "v?versionId=1", "z/"}
	tests := map[string]struct {
		flags []string
		args  []string
		list  []string
		after string
		want  []string
		asked []string
	}{
		"a bucket":        {args: []string{"s3://media"}, want: []string{"a", "a-b/1", "a.txt", "a/1", "a/b/2", "a/b/3", "a/c", "a/tmp/4", "b/1", "odd//key", "fails v?versionId=1?versionId=", "fails z/"}},
		"a prefix":        {args: []string{"s3://media/a"}, want: []string{"a/1", "a/b/2", "a/b/3", "a/c", "a/tmp/4"}},
		"patterns":        {flags: []string{"--exclude", "tmp/", "--include", "[0-9]"}, args: []string{"s3://media/a"}, want: []string{"a/1", "a/b/2", "a/b/3"}},
		"one object":      {args: []string{"s3://media/a.txt"}, want: []string{"a.txt"}, asked: []string{"a.txt"}},
		"overlaps":        {args: []string{"s3://media/a/b/", "s3://media/a/", "s3://media/a.txt", "s3://media/b"}, want: []string{"a.txt", "a/1", "a/b/2", "a/b/3", "a/c", "a/tmp/4", "b/1"}, asked: []string{"a.txt"}},
		"names in a list": {list: []string{"s3://media/b/1", "s3://media/a", "s3://media/b/1", "s3://media/a/"}, want: []string{"a", "b/1", "fails a/"}, asked: []string{"a", "b/1"}},
		"list and prefix": {args: []string{"s3://media/a/b"}, list: []string{"s3://media/a/c", "s3://media/a/b/2", "s3://media/a/b/2x"}, want: []string{"a/b/2", "a/b/2x", "a/b/3", "a/c"}, asked: []string{"a/b/2x", "a/c"}},
		"resumed":         {args: []string{"s3://media/a"}, list: []string{"s3://media/a", "s3://media/b/1"}, after: "a/b/2", want: []string{"a/b/3", "a/c", "a/tmp/4", "b/1"}, asked: []string{"b/1"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b, files := store(t, slices.Clone(keys)...)
			var got, failed []string
			fail := func(name string, _ error) { failed = append(failed, "fails "+strings.TrimPrefix(name, "s3://media/")) }
			l, err := job.NewList(job.Roots{}, selection(t, append(test.flags, "-r")...), append(test.args, "local", "zoo"), of(test.list...), fail)
			if err != nil {
				t.Fatal(err)
			}
			if l.Remote = files; test.after != "" {
				l.After = fleet.Item{Root: "s3://media", Path: test.after}
			}
			for _, name := range found(t, l, &failed) {
				if name = strings.TrimPrefix(name, "s3://media/"); !strings.Contains(name, ":") || strings.HasPrefix(name, "fails") {
					got = append(got, name)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("items (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.asked, b.asked); diff != "" {
				t.Errorf("objects that were asked for (-want +got):\n%s", diff)
			}
		})
	}
}

// A URL that may have a secret is refused with what to do, and its secret is not repeated.
func TestListRefusesSecrets(t *testing.T) {
	for _, name := range []string{"https://host/a?sig=s3cret", "https://me:s3cret@host/a"} {
		_, err := job.NewList(job.Roots{}, selection(t), []string{name}, nil, nil)
		f, ok := errors.AsType[*advice.Failure](err)
		if !ok || !strings.Contains(remote.Hint(f), "s3://bucket/key") || strings.Contains(f.Subject+f.Error(), "s3cret") {
			t.Errorf("error %#v", err)
		}
		var failed []string
		l, err := job.NewList(job.Roots{}, selection(t), nil, of(name), func(name string, err error) { failed = append(failed, name+err.Error()) })
		if err != nil || l.HasObjects() || len(failed) != 1 || strings.Contains(failed[0], "s3cret") {
			t.Errorf("%q, error %v", failed, err)
		}
	}
}

// A worker opens objects of stores that it was told only, in the version with which they were
// added.
func TestOpenObject(t *testing.T) {
	_, files := store(t, "a")
	roots, err := job.ParseRoots([]string{"s3://media/", "media=" + filepath.Join("media", "x")})
	if err != nil {
		t.Fatal(err)
	}
	if missing := roots.Missing(); !slices.Equal(missing, []string{"media"}) {
		t.Errorf("missing %q", missing)
	}
	for name, test := range map[string]struct {
		item fleet.Item
		want error
	}{
		"the same version": {fleet.Item{Root: "s3://media", Path: "a", Version: `"named"`}, nil},
		"no version":       {fleet.Item{Root: "s3://media", Path: "a"}, nil},
		"another version":  {fleet.Item{Root: "s3://media", Path: "a", Version: `"other"`}, client.ErrSourceChanged},
		"another store":    {fleet.Item{Root: "s3://other", Path: "a", Version: `"named"`}, fleet.ErrNoRoot},
	} {
		if _, err := job.OpenObject(t.Context(), files, roots, test.item); !errors.Is(err, test.want) {
			t.Errorf("%s: error %v, want %v", name, err, test.want)
		}
	}
	for _, pair := range []string{"s3://media/a", "https://me@host", "https://host/a"} {
		if _, err := job.ParseRoots([]string{pair}); err == nil {
			t.Errorf("%s is a root", pair)
		}
	}
}

// A root whose folder is missing or is a file is an error that says which of both it is.
func TestCheckRoot(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	roots := job.Roots{"good": dir, "file": file, "gone": filepath.Join(dir, "gone"), "s3://media": ""}
	for name, want := range map[string]error{"good": nil, "s3://media": nil, "file": syscall.ENOTDIR, "gone": fs.ErrNotExist} {
		if err := roots.Check(name); !errors.Is(err, want) {
			t.Errorf("root %s: error %v, want %v", name, err, want)
		}
	}
}

// An error of an object says whether its item fails, and with which class, or whether another
// worker gets it.
func TestExplainObject(t *testing.T) {
	answer := func(status int, err error) error {
		return fmt.Errorf("%w: %w", client.ErrSource, &httpsource.RequestError{StatusCode: status, Err: err})
	}
	others := []error{fleet.ErrNoAccess, fleet.ErrMissing, fleet.ErrUnreadable, client.ErrSourceChanged}
	for name, test := range map[string]struct {
		err, want error
	}{
		"replaced":            {answer(200, client.ErrSourceChanged), client.ErrSourceChanged},
		"no credentials":      {answer(0, s3.ErrNoCredentials), fleet.ErrNoAccess},
		"wrong credentials":   {answer(403, fmt.Errorf("%w: %w", httpsource.ErrDenied, s3.ErrNoCredentials)), fleet.ErrNoAccess},
		"no login for a host": {answer(401, httpsource.ErrDenied), fleet.ErrNoAccess},
		"wrong clock":         {answer(403, s3.ErrClock), fleet.ErrNoAccess},
		"wrong region":        {answer(301, s3.ErrRegion), fleet.ErrNoAccess},
		"denied":              {answer(403, httpsource.ErrDenied), fleet.ErrUnreadable},
		"archived":            {answer(403, s3.ErrArchived), fleet.ErrUnreadable},
		"no ranges":           {answer(200, httpsource.ErrNoRanges), fleet.ErrUnreadable},
		"no such key":         {answer(404, httpsource.ErrNotFound), fleet.ErrMissing},
		"no such bucket":      {answer(404, s3.ErrNoBucket), fleet.ErrMissing},
		"busy":                {fmt.Errorf("%w: %w", client.ErrSource, &httpsource.RequestError{StatusCode: 503, Transient: true, Err: errors.New("busy")}), nil},
		"no network":          {answer(0, errors.New("no route")), nil},
	} {
		got := job.ExplainObject(fleet.Item{Root: "s3://media", Path: "a"}, test.err)
		if !errors.Is(got, test.err) {
			t.Errorf("%s: error %v is not the one that was given", name, got)
		}
		for _, other := range others {
			if errors.Is(got, other) != errors.Is(test.want, other) {
				t.Errorf("%s: error %v, want %v", name, got, test.want)
			}
		}
		if errors.Is(test.want, client.ErrSourceChanged) && !strings.Contains(got.Error(), "add it again") {
			t.Errorf("%s: %v", name, got)
		}
		if file := job.ExplainObject(fleet.Item{Root: "media", Path: "a"}, test.err); file.Error() != test.err.Error() {
			t.Errorf("%s: the error of a file became %v", name, file)
		}
	}
}

// Files at URLs are asked for at the same time, and added in order. A file that is missing fails
// alone.
func TestListURLsAtTheSameTime(t *testing.T) {
	const files, concurrency = 8, 4
	var mu sync.Mutex
	var waiting []chan struct{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The questions are answered in groups, the last one first.
		answer := make(chan struct{})
		mu.Lock()
		if waiting = append(waiting, answer); len(waiting) == concurrency {
			for i, w := range slices.Backward(waiting) {
				time.AfterFunc(time.Duration(concurrency-i)*time.Millisecond, func() { close(w) })
			}
			waiting = nil
		}
		mu.Unlock()
		select {
		case <-answer:
		case <-time.After(30 * time.Second):
			t.Error("the questions are not asked at the same time")
		}
		if r.URL.Path == "/5" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("ETag", `"v"`)
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader("data"))
	}))
	defer server.Close()
	var names, want, failed []string
	for i := range files {
		names = append(names, fmt.Sprintf("%s/%d", server.URL, i))
		if i != 5 {
			want = append(want, names[i])
		}
	}
	l, err := job.NewList(job.Roots{}, selection(t), names, nil, func(name string, _ error) { failed = append(failed, name) })
	if err != nil {
		t.Fatal(err)
	}
	l.Remote, l.Concurrency = remote.New(httpsource.Config{}, s3.Config{}), concurrency
	var got []string
	for item, err := range l.Items(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, item.Name())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{names[5]}, failed); diff != "" {
		t.Errorf("failed (-want +got):\n%s", diff)
	}
}
