package s3_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/client/source/httpsource"
	"github.com/tusker-go/tusker/client/source/s3"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/transport"
)

const gatewayVersion = "v1.8.0"

// gatewayProgram returns the path of versitygw, which is built once for each user. Its build
// takes more than a minute, so tests build it only if TUSKER_INTEROP=required.
func gatewayProgram(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skip(err)
	}
	dir := filepath.Join(cache, "tusker", "versitygw-"+gatewayVersion)
	program := filepath.Join(dir, "versitygw")
	if _, err := os.Stat(program); err == nil {
		return program
	}
	if os.Getenv("TUSKER_INTEROP") != "required" {
		t.Skip("versitygw is not built: TUSKER_INTEROP=required builds it")
	}
	cmd := exec.CommandContext(t.Context(), "go", "install", "github.com/versity/versitygw/cmd/versitygw@"+gatewayVersion)
	cmd.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build versitygw: %v\n%s", err, out)
	}
	return program
}

// gateway is versitygw, a store with the interface of S3 over a folder.
type gateway struct {
	endpoint string
	signer   *v4.Signer
}

const (
	accessKey = "AKIDGATEWAY"
	secretKey = "gateway-secret"
	region    = "eu-test-1"
)

// startGateway starts a store with the buckets plain and versions, and sets the variables of
// AWS for it.
func startGateway(t *testing.T) *gateway {
	t.Helper()
	program := gatewayProgram(t)
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // It ends at once.
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"data", "side", "old"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var log bytes.Buffer
	cmd := exec.CommandContext(ctx, program, "--port", address, "--access", accessKey, "--secret", secretKey, "--region", region, "--quiet",
		"posix", "--sidecar", filepath.Join(dir, "side"), "--versioning-dir", filepath.Join(dir, "old"), filepath.Join(dir, "data"))
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("versitygw: %s", log.String())
		}
	})
	g := &gateway{endpoint: "http://" + address, signer: v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })}
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": secretKey, "AWS_REGION": region, "AWS_ENDPOINT_URL_S3": g.endpoint,
	} {
		t.Setenv(name, value)
	}
	d := &net.Dialer{}
	if err := retry.Do(t.Context(), retry.Backoff{Initial: 50 * time.Millisecond, Max: time.Second, MaxAttempts: 100}, func(ctx context.Context) error {
		conn, err := d.DialContext(ctx, "tcp", address)
		if err == nil {
			err = conn.Close()
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	g.put(t, "plain", "", nil)
	g.put(t, "versions", "", nil)
	g.put(t, "versions?versioning", "", strings.NewReader(`<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>`))
	return g
}

// put sends a signed PUT for an object, or for a bucket if key is "".
func (g *gateway) put(t *testing.T, bucket, key string, body io.ReadSeeker) http.Header {
	t.Helper()
	address := g.endpoint + "/" + bucket
	if key != "" {
		address += "/" + key
	}
	h := sha256.New()
	var content io.Reader
	var length int64
	if body != nil {
		var err error
		if length, err = io.Copy(h, body); err == nil {
			_, err = body.Seek(0, io.SeekStart)
		}
		if err != nil {
			t.Fatal(err)
		}
		content = body
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, address, content)
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = length
	sum := hex.EncodeToString(h.Sum(nil))
	req.Header.Set("X-Amz-Content-Sha256", sum)
	if err := g.signer.SignHTTP(t.Context(), aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey}, req, sum, "s3", region, time.Now()); err != nil {
		t.Fatal(err)
	}
	resp, err := doer(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body)
		t.Fatalf("PUT %s: %s\n%s", address, resp.Status, text)
	}
	return resp.Header
}

// A real store lists objects with unusual names, sends them, and tells versions apart.
func TestGateway(t *testing.T) {
	g := startGateway(t)
	names := map[string]string{ // by their form in a URL
		"2024/a.mov": "2024/a.mov", "2024/a%2Bb%20c.mov": "2024/a+b c.mov", "2024/%C3%A4.mov": "2024/ä.mov",
		"2024/100%25.mov": "2024/100%.mov", "2024/b%3Fx%3D1%23y.mov": "2024/b?x=1#y.mov", "2025/z.mov": "2025/z.mov",
	}
	for escaped, name := range names {
		g.put(t, "plain", escaped, strings.NewReader("content of "+name))
	}
	c := newClient(t, s3.Config{})
	s := clienttest.NewTCPServer(t, fake.Config{})
	up := clienttest.New(t, client.Config{Endpoint: s.URL, Doer: doer(t), ChunkSize: 5})
	var listed []string
	for e, err := range c.List(t.Context(), s3.Location{Bucket: "plain", Key: "2024/"}, "") {
		if err != nil {
			t.Fatal(err)
		}
		listed = append(listed, e.Key)
		// The ETag of the listing is that of the object.
		src := open(t, c, e.Location)
		if n, _ := src.Length().Int64(); n != e.Size {
			t.Errorf("%s: length %d, listed %d", e.Key, n, e.Size)
		}
		res, err := up.Upload(t.Context(), src, nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, "content of "+e.Key)
	}
	if want := []string{"2024/100%.mov", "2024/a+b c.mov", "2024/a.mov", "2024/b?x=1#y.mov", "2024/ä.mov"}; !cmp.Equal(listed, want) {
		t.Errorf("listed %q, want %q", listed, want)
	}

	identity := func(l s3.Location) string {
		opened, err := open(t, c, l).Open(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		id, _ := opened.(source.Identifier)
		return id.Identity()
	}
	movie := s3.Location{Bucket: "versions", Key: "a.mov"}
	first := g.put(t, "versions", "a.mov", strings.NewReader("the same bytes")).Get("X-Amz-Version-Id")
	before := identity(movie)
	second := g.put(t, "versions", "a.mov", strings.NewReader("the same bytes")).Get("X-Amz-Version-Id")
	if first == "" || first == second || identity(movie) == before {
		t.Errorf("versions %q and %q have one identity", first, second)
	}
	movie.Version = first
	if identity(movie) != before {
		t.Error("a version has another identity once it is not the latest")
	}

	for name, test := range map[string]struct {
		l   s3.Location
		cfg s3.Config
		env map[string]string
		is  error

		words string
	}{
		"no object":     {l: s3.Location{Bucket: "plain", Key: "none"}, is: httpsource.ErrNotFound},
		"no bucket":     {l: s3.Location{Bucket: "none", Key: "none"}, is: s3.ErrNoBucket},
		"no version":    {l: s3.Location{Bucket: "versions", Key: "a.mov", Version: "01KBZN2ZPFH6P4QF1QZB6XW0NS"}, is: httpsource.ErrNotFound},
		"anonymous":     {l: s3.Location{Bucket: "plain", Key: "2024/a.mov"}, cfg: s3.Config{Anonymous: true}, is: httpsource.ErrDenied},
		"wrong secret":  {l: s3.Location{Bucket: "plain", Key: "2024/a.mov"}, env: map[string]string{"AWS_SECRET_ACCESS_KEY": "x"}, is: s3.ErrNoCredentials},
		"wrong key":     {l: s3.Location{Bucket: "plain", Key: "2024/a.mov"}, env: map[string]string{"AWS_ACCESS_KEY_ID": "x"}, is: s3.ErrNoCredentials},
		"other region":  {l: s3.Location{Bucket: "plain", Key: "2024/a.mov"}, cfg: s3.Config{Region: "us-east-1"}, is: s3.ErrRegion, words: "set AWS_REGION=eu-test-1"},
		"replaced":      {l: s3.Location{Bucket: "plain", Key: "2024/a.mov", ETag: `"0"`}, is: client.ErrSourceChanged},
		"nothing there": {l: s3.Location{Bucket: "plain", Key: "2024/"}, is: s3.ErrNotObject},
	} {
		t.Run(name, func(t *testing.T) {
			for key, value := range test.env {
				t.Setenv(key, value)
			}
			_, err := newClient(t, test.cfg).Open(t.Context(), test.l)
			if !errors.Is(err, test.is) || !strings.Contains(fmt.Sprint(err), test.words) {
				t.Errorf("error %v, want one that Is %v and says %q", err, test.is, test.words)
			}
		})
	}
}

// A large object of a real store is sent in four parts, with one request for each part, and is
// never mixed with another version.
func TestGatewayInParts(t *testing.T) {
	g := startGateway(t)
	data := clienttest.Noise(16 << 20)
	g.put(t, "plain", "film.mov", strings.NewReader(data))
	c := newClient(t, s3.Config{})
	s := clienttest.NewTCPServer(t, fake.Config{})
	up := clienttest.New(t, client.Config{Endpoint: s.URL, Doer: doer(t)})
	l := s3.Location{Bucket: "plain", Key: "film.mov"}
	res, err := up.Upload(t.Context(), open(t, c, l), &client.UploadOptions{Parallel: 4})
	if err != nil {
		t.Fatal(err)
	}
	clienttest.WantStored(t, s, res.URL, data)
	if len(res.Parts) != 4 {
		t.Errorf("%d parts", len(res.Parts))
	}

	requests := 0
	next := doer(t)
	c = newClient(t, s3.Config{Doer: transport.DoerFunc(func(req *http.Request) (*http.Response, error) {
		if requests++; requests == 6 {
			g.put(t, "plain", "film.mov", strings.NewReader(data[1:]+"x"))
		}
		return next.Do(req)
	})})
	up = clienttest.New(t, client.Config{Endpoint: s.URL, Doer: doer(t), ChunkSize: 1 << 20})
	res, err = up.Upload(t.Context(), open(t, c, l), nil)
	if requests < 6 || !errors.Is(err, client.ErrSourceChanged) {
		t.Errorf("%d requests, error %v", requests, err)
	}
	if got := string(s.Bytes(res.URL)); !strings.HasPrefix(data, got) {
		t.Error("the upload has bytes of another version")
	}
}
