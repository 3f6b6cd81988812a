package s3_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/client/internal/fake/object"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/client/source/httpsource"
	"github.com/tusker-go/tusker/client/source/s3"
	"github.com/tusker-go/tusker/client/sourcetest"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
)

// storeOf returns a store with one object at s3://bucket/film.mov.
func storeOf(t *testing.T, content string) (o *object.Server, endpoint string) {
	t.Helper()
	o = object.New(t, content)
	return o, strings.TrimSuffix(o.URL, "/bucket/film.mov")
}

var film = s3.Location{Bucket: "bucket", Key: "film.mov"}

func open(t *testing.T, c *s3.Client, l s3.Location) *httpsource.Object {
	t.Helper()
	o, err := c.Open(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// An object passes the suite for sources.
func TestSuite(t *testing.T) {
	content := clienttest.Noise(100_000)
	sourcetest.Run(t, func(t *testing.T) sourcetest.Config {
		t.Helper()
		store, endpoint := storeOf(t, content)
		_, other := storeOf(t, content+"x")
		return sourcetest.Config{
			Source:  open(t, newClient(t, s3.Config{Endpoint: endpoint}), film),
			Content: []byte(content),
			Reopen: func(t *testing.T) source.Source {
				t.Helper()
				return open(t, newClient(t, s3.Config{Endpoint: endpoint}), film)
			},
			Other: func(t *testing.T) source.Source {
				t.Helper()
				return open(t, newClient(t, s3.Config{Endpoint: other}), film)
			},
			Change:   func(*testing.T) { store.Replace(content[1:] + "x") },
			Truncate: func(*testing.T) { store.Replace(content[1:]) },
		}
	})
}

// Each error of S3 says what to do, has no secret, and is one before anything is created.
func TestErrors(t *testing.T) {
	for name, test := range map[string]struct {
		status     int
		code       string
		header     []string
		anonymous  bool
		is         error
		words      string
		requests   int
		afterwards bool // the error comes after the object was opened
	}{
		"archive":           {status: 403, code: "InvalidObjectState", header: []string{"X-Amz-Storage-Class", "GLACIER"}, is: s3.ErrArchived, words: `the object is in an archive ("GLACIER"): restore it first`},
		"no bucket":         {status: 404, code: "NoSuchBucket", is: s3.ErrNoBucket, words: "no such bucket: bucket"},
		"no object":         {status: 404, code: "NoSuchKey", is: httpsource.ErrNotFound, words: "no such object"},
		"denied":            {status: 403, code: "AccessDenied", is: httpsource.ErrDenied, words: "lack s3:GetObject"},
		"denied, unpaid":    {status: 403, code: "AccessDenied", is: httpsource.ErrDenied, words: "or the requester has to pay (x-amz-request-payer)"},
		"denied, anonymous": {status: 403, code: "AccessDenied", anonymous: true, is: httpsource.ErrDenied, words: "cannot be read without credentials"},
		"wrong key":         {status: 403, code: "InvalidAccessKeyId", is: s3.ErrNoCredentials, words: "access key or its secret is wrong"},
		"wrong secret":      {status: 403, code: "SignatureDoesNotMatch", is: s3.ErrNoCredentials, words: "access key or its secret is wrong"},
		"expired":           {status: 400, code: "ExpiredToken", is: s3.ErrNoCredentials, words: "aws sso login"},
		"clock":             {status: 403, code: "RequestTimeTooSkewed", header: []string{"Date", time.Now().Add(3 * time.Hour).UTC().Format(http.TimeFormat)}, is: s3.ErrClock, words: "differs from that of the server by ", requests: 2},
		"region":            {status: 301, code: "PermanentRedirect", header: []string{"X-Amz-Bucket-Region", "eu-west-1"}, is: s3.ErrRegion, words: "in another region, eu-west-1: set AWS_REGION=eu-west-1"},
		"region, malformed": {status: 400, code: "AuthorizationHeaderMalformed", is: s3.ErrRegion, words: "set AWS_REGION"},
		"slow down":         {status: 503, code: "SlowDown", is: retry.ErrExhausted, words: "SlowDown", requests: 3},
		"timeout":           {status: 400, code: "RequestTimeout", is: retry.ErrExhausted, words: "RequestTimeout", requests: 3},
		"archived later":    {status: 403, code: "InvalidObjectState", is: s3.ErrArchived, words: "restore it first", afterwards: true},
	} {
		t.Run(name, func(t *testing.T) {
			store, endpoint := storeOf(t, "content")
			c := newClient(t, s3.Config{Endpoint: endpoint, Anonymous: test.anonymous})
			answer := func(w http.ResponseWriter, _ *http.Request) {
				refuse(w, test.status, test.code, "text of the server", test.header...)
			}
			var err error
			if test.afterwards {
				src := open(t, c, film)
				store.On(answer)
				s := clienttest.NewTCPServer(t, fake.Config{})
				_, err = clienttest.New(t, client.Config{Endpoint: s.URL, Doer: doer(t)}).Upload(t.Context(), src, nil)
			} else {
				store.On(answer, answer, answer)
				_, err = c.Open(t.Context(), film)
			}
			if !errors.Is(err, test.is) || !errors.Is(err, client.ErrSource) {
				t.Errorf("error %v, want one that Is %v", err, test.is)
			}
			text := fmt.Sprint(err)
			if !strings.Contains(text, test.words) || !strings.Contains(text, "s3://bucket/film.mov") || strings.Contains(text, "AKID") || strings.Contains(text, "5ecret") {
				t.Errorf("error %q, want it to say %q and to have no secret", text, test.words)
			}
			if n := len(store.Requests(0)); !test.afterwards && n != max(1, test.requests) {
				t.Errorf("%d requests", n)
			}
		})
	}
	c := newClient(t, s3.Config{Endpoint: "http://127.0.0.1:1"})
	if _, err := c.Open(t.Context(), s3.Location{Bucket: "bucket", Key: "folder/"}); !errors.Is(err, s3.ErrNotObject) {
		t.Errorf("a prefix: error %v", err)
	}
}

// amazon is a Doer for the hosts of AWS. Each bucket is in one region.
type amazon struct {
	region string
	hosts  []string
	auth   []string
}

func (a *amazon) Do(req *http.Request) (*http.Response, error) {
	a.hosts = append(a.hosts, req.URL.Host)
	a.auth = append(a.auth, req.Header.Get("Authorization"))
	w := httptest.NewRecorder()
	switch {
	case !strings.Contains(req.URL.Host, "."+a.region+"."):
		refuse(w, http.StatusMovedPermanently, "PermanentRedirect", "elsewhere", "X-Amz-Bucket-Region", a.region)
	default:
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("X-Amz-Version-Id", "null")
		http.ServeContent(w, req, "", time.Time{}, strings.NewReader("content"))
	}
	resp := w.Result()
	resp.Request = req
	return resp, nil
}

// A bucket of AWS in another region is found, with a signature for that region, and later
// requests go there at once.
func TestBucketInAnotherRegion(t *testing.T) {
	a := &amazon{region: "eu-west-1"}
	c := newClient(t, s3.Config{Doer: a})
	for range 2 {
		src := open(t, c, film)
		opened, err := src.Open(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		chunk, err := opened.Chunk(t.Context(), 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		r, err := chunk.Reader()
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(r); string(b) != "content" || err != nil {
			t.Errorf("read %q, error %v", b, err)
		}
	}
	there := "bucket.s3.eu-west-1.amazonaws.com"
	if want := []string{"bucket.s3.us-east-1.amazonaws.com", there, there, there, there}; !cmp.Equal(a.hosts, want) {
		t.Errorf("hosts %q, want %q", a.hosts, want)
	}
	if !strings.Contains(a.auth[1], "/eu-west-1/s3/") {
		t.Errorf("signature for another region: %q", a.auth[1])
	}
}

// A hostile region does not become a host.
func TestHostileRegion(t *testing.T) {
	for _, region := range []string{"evil.example/", "x.evil.example", "a@b", ""} {
		a := &amazon{region: region}
		if region == "" {
			a.region = "no-such"
		}
		_, err := newClient(t, s3.Config{Doer: a, Retry: retry.Never}).Open(t.Context(), film)
		for _, host := range a.hosts {
			if !strings.HasSuffix(host, ".amazonaws.com") || strings.Contains(host, "evil") {
				t.Errorf("a request went to %q", host)
			}
		}
		if region != "" && !errors.Is(err, s3.ErrRegion) {
			t.Errorf("region %q: error %v", region, err)
		}
	}
}

// The settings of AWS choose the endpoint and the region, and a config of the program wins.
func TestSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config")
	profile := "[profile eu]\nregion = eu-central-1\nservices = minio\n[services minio]\ns3 =\n  endpoint_url = https://minio.example\n[profile plain]\nregion = cn-north-1\naws_access_key_id = AKIDPLAIN\naws_secret_access_key = x\n"
	if err := os.WriteFile(file, []byte(profile), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		env    map[string]string
		cfg    s3.Config
		bucket string
		want   string // URL of the first request
		region string
	}{
		"nothing":           {want: "https://media.s3.us-east-1.amazonaws.com/a/b%20%2B.mov", region: "us-east-1"},
		"region":            {env: map[string]string{"AWS_REGION": "eu-west-3"}, want: "https://media.s3.eu-west-3.amazonaws.com/a/b%20%2B.mov", region: "eu-west-3"},
		"given region":      {env: map[string]string{"AWS_REGION": "eu-west-3"}, cfg: s3.Config{Region: "eu-west-2"}, want: "https://media.s3.eu-west-2.amazonaws.com/a/b%20%2B.mov", region: "eu-west-2"},
		"bucket with a dot": {bucket: "my.media", want: "https://s3.us-east-1.amazonaws.com/my.media/a/b%20%2B.mov", region: "us-east-1"},
		"endpoint":          {env: map[string]string{"AWS_ENDPOINT_URL": "http://minio.example:9000"}, want: "http://minio.example:9000/media/a/b%20%2B.mov", region: "us-east-1"},
		"endpoint of S3":    {env: map[string]string{"AWS_ENDPOINT_URL": "http://other.example", "AWS_ENDPOINT_URL_S3": "https://s3.example/store/"}, want: "https://s3.example/store/media/a/b%20%2B.mov", region: "us-east-1"},
		"endpoint ignored":  {env: map[string]string{"AWS_ENDPOINT_URL": "http://other.example", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, want: "https://media.s3.us-east-1.amazonaws.com/a/b%20%2B.mov", region: "us-east-1"},
		"given endpoint":    {env: map[string]string{"AWS_ENDPOINT_URL": "http://other.example"}, cfg: s3.Config{Endpoint: "http://given.example"}, want: "http://given.example/media/a/b%20%2B.mov", region: "us-east-1"},
		"profile":           {env: map[string]string{"AWS_PROFILE": "eu"}, want: "https://minio.example/media/a/b%20%2B.mov", region: "eu-central-1"},
		"given profile":     {env: map[string]string{"AWS_PROFILE": "eu"}, cfg: s3.Config{Profile: "plain"}, want: "https://media.s3.cn-north-1.amazonaws.com.cn/a/b%20%2B.mov", region: "cn-north-1"},
		"FIPS, dual stack":  {env: map[string]string{"AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"}, want: "https://media.s3-fips.dualstack.us-east-1.amazonaws.com/a/b%20%2B.mov", region: "us-east-1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_CONFIG_FILE", file)
			for key, value := range test.env {
				t.Setenv(key, value)
			}
			var got, auth string
			test.cfg.Doer = transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
				got, auth = req.URL.String(), req.Header.Get("Authorization")
				return nil, source.Error(io.ErrClosedPipe)
			})
			bucket := test.bucket
			if bucket == "" {
				bucket = "media"
			}
			_, _ = newClient(t, test.cfg).Open(t.Context(), s3.Location{Bucket: bucket, Key: "a/b +.mov"})
			if got != test.want || !strings.Contains(auth, "/"+test.region+"/s3/aws4_request") {
				t.Errorf("URL %q, want %q; authorization %q", got, test.want, auth)
			}
		})
	}
}

// A public bucket gets no signature, and missing credentials are an error that says what to
// set.
func TestCredentials(t *testing.T) {
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		t.Setenv(name, "")
	}
	store, endpoint := storeOf(t, "content")
	_, err := newClient(t, s3.Config{Endpoint: endpoint}).Open(t.Context(), film)
	if !errors.Is(err, s3.ErrNoCredentials) || !strings.Contains(fmt.Sprint(err), "AWS_ACCESS_KEY_ID") || len(store.Requests(0)) > 0 {
		t.Errorf("error %v, %d requests", err, len(store.Requests(0)))
	}
	open(t, newClient(t, s3.Config{Endpoint: endpoint, Anonymous: true}), film)
	if h := store.Requests(0)[0].Header; h.Get("Authorization") != "" {
		t.Errorf("anonymous request with %v", h)
	}
	t.Setenv("AWS_PROFILE", "none")
	if _, err := s3.New(s3.Config{}); !errors.Is(err, s3.ErrConfig) {
		t.Errorf("missing profile: error %v", err)
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]s3.Location{
		"s3://bucket":                          {Bucket: "bucket"},
		"S3://bucket/":                         {Bucket: "bucket"},
		"s3://bucket/a/b%20c.mov":              {Bucket: "bucket", Key: "a/b%20c.mov"},
		"s3://bucket//a?b#c":                   {Bucket: "bucket", Key: "/a?b#c"},
		"s3://bucket/a.mov?versionId=1.a_b":    {Bucket: "bucket", Key: "a.mov", Version: "1.a_b"},
		"s3://my.Old_bucket-1/a?versionId=/b?": {Bucket: "my.Old_bucket-1", Key: "a", Version: "/b?"},
	} {
		got, err := s3.Parse(text)
		if err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v", text, got, err)
		}
		if again, err := s3.Parse(got.String()); err != nil || again != got {
			t.Errorf("Parse(%q) = %+v, %v", got, again, err)
		}
	}
	for _, text := range []string{"", "s3:/bucket", "s3://", "s3:///a", "s3://a@b/c", "s3://bucket:80/c", "s3://bu?cket/c", "https://bucket/c", "s3://ab/c"} {
		if got, err := s3.Parse(text); !errors.Is(err, client.ErrSource) {
			t.Errorf("Parse(%q) = %+v, %v", text, got, err)
		}
	}
}

// The identity is the version of the object, or else its ETag.
func TestIdentity(t *testing.T) {
	identity := func(etag, version string) string {
		store, endpoint := storeOf(t, "content")
		store.On(func(w http.ResponseWriter, r *http.Request) {
			if version != "" {
				w.Header().Set("X-Amz-Version-Id", version)
			}
			store.Serve(tagged{w, etag}, r)
		})
		c := newClient(t, s3.Config{Endpoint: "http://store.example", Doer: transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
			there := *req.URL
			there.Host = strings.TrimPrefix(endpoint, "http://")
			req.URL = &there
			return doer(t).Do(req)
		})})
		opened, err := open(t, c, film).Open(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		id, ok := opened.(source.Identifier)
		if !ok {
			t.Fatal("no identity")
		}
		return id.Identity()
	}
	if identity(`"1"`, "a") != identity(`"2"`, "a") || identity(`"1"`, "a") == identity(`"1"`, "b") {
		t.Error("the version is not the identity")
	}
	if identity(`"1"`, "") != identity(`"1"`, "null") || identity(`"1"`, "") == identity(`"2"`, "") {
		t.Error("the ETag is not the identity of an object without a version")
	}
}

// tagged replaces the entity tag of an answer.
type tagged struct {
	http.ResponseWriter
	etag string
}

// WriteHeader implements http.ResponseWriter.
func (w tagged) WriteHeader(status int) {
	w.Header().Set("ETag", w.etag)
	w.ResponseWriter.WriteHeader(status)
}

// A client that pays says so in each signed request, for objects and for listings. The signature
// covers that. An anonymous client cannot pay.
func TestRequesterPays(t *testing.T) {
	_, endpoint := storeOf(t, "content")
	listing, listed := newStore(t, 1, "a", "b")
	var headers []http.Header
	paying := func(endpoint string) *s3.Client {
		next := doer(t)
		return newClient(t, s3.Config{Endpoint: endpoint, RequesterPays: true, Doer: transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
			headers = append(headers, req.Header)
			return next.Do(req)
		})})
	}
	s := clienttest.NewTCPServer(t, fake.Config{})
	src := open(t, paying(endpoint), film)
	if _, err := clienttest.New(t, client.Config{Endpoint: s.URL, Doer: doer(t)}).Upload(t.Context(), src, nil); err != nil {
		t.Fatal(err)
	}
	for _, err := range paying(listed).List(t.Context(), s3.Location{Bucket: "media"}, "") {
		if err != nil {
			t.Fatal(err)
		}
	}
	if n, want := len(headers), 2+len(listing.requests); n != want || len(listing.requests) != 2 {
		t.Errorf("%d requests, of which %d are listings, want %d and 2", n, len(listing.requests), want)
	}
	for _, h := range headers {
		if h.Get("X-Amz-Request-Payer") != "requester" || !strings.Contains(h.Get("Authorization"), ";x-amz-request-payer") {
			t.Errorf("headers %v, want the payer, and a signature of it", h)
		}
	}
	if _, err := s3.New(s3.Config{Anonymous: true, RequesterPays: true}); !errors.Is(err, s3.ErrConfig) || !errors.Is(err, client.ErrInvalidOption) {
		t.Errorf("error %v, want one that Is %v and %v", err, s3.ErrConfig, client.ErrInvalidOption)
	}
}
