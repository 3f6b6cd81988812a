package main

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// objects is a server of the files in a folder, at the same time as a web server and as a store
// with the interface of S3: each folder in it is a bucket. It appends a line to a log for each
// request.
type objects struct {
	dir, log  string
	auth      string // "user:password" that each request needs; "": none
	noRanges  bool
	unpaid    bool // each request needs the header of a requester who pays
	refuse    int  // status of each answer; 0: the object
	mediaType string

	mu sync.Mutex
}

// awsVariables are the variables that cmdObjects sets for the store.
var awsVariables = []string{
	"AWS_ENDPOINT_URL_S3", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION",
	"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_EC2_METADATA_DISABLED",
}

// cmdObjects starts a server of the files in the folder objects. Its URL is in $OBJECTS, and it
// is the store of s3:// files. The log is objects.log.
func cmdObjects(ts *testscript.TestScript, _ bool, args []string) {
	o := &objects{dir: ts.MkAbs("objects"), log: ts.MkAbs("objects.log")}
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		switch name {
		case "auth":
			o.auth = value
		case "no-ranges":
			o.noRanges = true
		case "requester-pays":
			o.unpaid = true
		case "refuse":
			_, err := fmt.Sscan(value, &o.refuse)
			ts.Check(err)
		case "type":
			o.mediaType = value
		default:
			ts.Fatalf("usage: objects [auth=USER:PASSWORD] [no-ranges] [requester-pays] [refuse=STATUS] [type=MEDIATYPE]")
		}
	}
	ts.Check(os.WriteFile(o.log, nil, 0o600))
	server := httptest.NewServer(o)
	ts.Defer(server.Close)
	ts.Setenv("OBJECTS", server.URL)
	ts.Setenv("OBJECTS_HOST", strings.TrimPrefix(server.URL, "http://"))
	for i, value := range []string{server.URL, "AKIDs3cret", "awss3cret", "eu-test-1", ts.MkAbs("none"), ts.MkAbs("none"), "true"} {
		ts.Setenv(awsVariables[i], value)
	}
}

// ServeHTTP answers GET.
func (o *objects) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user, password, basic := r.BasicAuth()
	o.note("%s %s %s authorization=%.30q", r.Method, r.URL.Path, r.Header.Get("Range"), r.Header.Get("Authorization"))
	switch {
	case o.auth != "" && (!basic || user+":"+password != o.auth):
		w.WriteHeader(http.StatusUnauthorized)
		return
	case o.unpaid && r.Header.Get("X-Amz-Request-Payer") != "requester":
		refuse(w, http.StatusForbidden)
		return
	case o.refuse != 0:
		refuse(w, o.refuse)
		return
	case r.URL.Query().Get("list-type") == "2":
		o.list(w, strings.Trim(r.URL.Path, "/"), r.URL.Query().Get("prefix"))
		return
	}
	content, err := os.ReadFile(filepath.Join(o.dir, filepath.FromSlash(r.URL.Path)))
	if err != nil {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusNotFound)
		_, _ = fmt.Fprint(w, "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>")
		return
	}
	if o.noRanges {
		r.Header.Del("Range")
	}
	w.Header().Set("ETag", etagOf(content))
	w.Header().Set("Content-Type", "binary/octet-stream")
	if o.mediaType != "" {
		w.Header().Set("Content-Type", o.mediaType)
	}
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(content)))
}

func refuse(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = fmt.Fprint(w, "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>")
}

func etagOf(content []byte) string { return fmt.Sprintf(`"%x"`, sha256.Sum256(content)) }

// list answers ListObjectsV2 with one page. WalkDir visits a/b before a.txt; scripts have no
// such names.
func (o *objects) list(w http.ResponseWriter, bucket, prefix string) {
	var b strings.Builder
	b.WriteString("<ListBucketResult><EncodingType>url</EncodingType>")
	root := filepath.Join(o.dir, bucket)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		key, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if key = filepath.ToSlash(key); !strings.HasPrefix(key, prefix) {
			return nil
		}
		content, err := os.ReadFile(path)
		_, _ = fmt.Fprintf(&b, "<Contents><Key>%s</Key><Size>%d</Size><ETag>%s</ETag><LastModified>2026-01-02T03:04:05Z</LastModified></Contents>",
			url.QueryEscape(key), len(content), strings.ReplaceAll(etagOf(content), `"`, "&quot;"))
		return err
	})
	if err != nil {
		w.WriteHeader(http.StatusNotFound)
		_, _ = fmt.Fprint(w, "<Error><Code>NoSuchBucket</Code></Error>")
		return
	}
	_, _ = fmt.Fprint(w, b.String()+"</ListBucketResult>")
}

// note appends a line to the log.
func (o *objects) note(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f, err := os.OpenFile(o.log, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	_, _ = fmt.Fprintf(f, format+"\n", args...)
	_ = f.Close()
}
