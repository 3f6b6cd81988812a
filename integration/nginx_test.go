package integration

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// nginx terminates TLS in front of tusd, which uses plain HTTP.
func TestNginx(t *testing.T) {
	t.Parallel()
	for _, v := range versions {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			proxy := startNginx(t, unlimited, unbuffered)
			// One connection is cut on each side of nginx. nginx answers 502 after the
			// first cut.
			proxy.tusd.Inject(patch(testserver.CutAfter(3 * mib)))
			front := newCutter(t, hostOf(t, proxy.url), 4*mib, true)
			doer := proxy.doer(t, v.http1Only)
			c := newClient(t, client.Config{Endpoint: front.through(t, proxy.url), Doer: doer, Retry: quick})

			data := content(8 * mib)
			want := protocol.Metadata{"filename": "elephant.bin", "note": "\x00é\n", "flag": ""}
			res, err := c.Upload(t.Context(), readerAt(t, data), &client.UploadOptions{Metadata: want})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(res.URL, front.through(t, proxy.url)) {
				t.Errorf("upload at %s, want it below %s", res.URL, front.through(t, proxy.url))
			}
			checkStored(t, proxy.tusd, res.URL, data)
			if front.cuts.Load() == 0 || len(proxy.tusd.Pending()) > 0 {
				t.Errorf("%d cuts in front of nginx, and %d unused faults behind it", front.cuts.Load(), len(proxy.tusd.Pending()))
			}
			got, err := c.Metadata(t.Context(), res.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("metadata (-want +got):\n%s", diff)
			}
		})
	}
}

// A body above the default limit of nginx, 1 MiB, is refused. The upload continues with
// smaller requests, and the next upload begins with them. Without retries, the upload
// fails at once.
func TestNginxBodyLimit(t *testing.T) {
	t.Parallel()
	for _, v := range versions {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			proxy := startNginx(t)
			c := newClient(t, client.Config{Endpoint: proxy.url, Doer: proxy.doer(t, v.http1Only), Retry: quick})
			data := content(8 * mib)

			res, err := c.Upload(t.Context(), readerAt(t, data), nil)
			if err != nil {
				t.Fatal(err)
			}
			checkStored(t, proxy.tusd, res.URL, data)
			if res.Retries != 3 { // 8, 4 and 2 MiB are refused
				t.Errorf("%d retries, want one for each size that is too large", res.Retries)
			}
			res, err = c.Upload(t.Context(), readerAt(t, data), nil)
			if err != nil || res.Retries != 0 {
				t.Errorf("%d retries, error %v; want none, because the limit is known", res.Retries, err)
			}

			once := newClient(t, client.Config{Endpoint: proxy.url, Doer: proxy.doer(t, v.http1Only), Retry: retry.Never})
			res, err = once.Upload(t.Context(), readerAt(t, data), nil)
			e, ok := errors.AsType[*client.Error](err)
			if !errors.Is(err, protocol.ErrTooLarge) || !ok || e.Op != protocol.OpPatch {
				t.Errorf("error %v, want a PATCH that is too large", err)
			}
			if res.Retries != 0 || res.URL == "" || res.Offset != 0 {
				t.Errorf("result %+v, want one attempt and the URL", res)
			}
		})
	}
}

// These directives of nginx suit servers for uploads.
const (
	unlimited  = "client_max_body_size 0;"
	unbuffered = "proxy_request_buffering off;"
)

// nginx is a running proxy.
type nginx struct {
	tusd  *testserver.Server
	url   string // the creation endpoint behind nginx
	roots *x509.CertPool
	ca    string // file with the certificate of roots
}

func (n *nginx) doer(t *testing.T, http1Only bool) *http.Client {
	t.Helper()
	c := nethttp.New(nethttp.Config{RootCAs: n.roots, HTTP1Only: http1Only, PreferHTTP2: !http1Only})
	t.Cleanup(c.CloseIdleConnections)
	return c
}

var nginxConfig = template.Must(template.New("nginx.conf").Parse(`
daemon off;
worker_processes 1;
{{if .Root}}user root;{{end}}
pid {{.Dir}}/nginx.pid;
error_log stderr warn;
events { worker_connections 64; }
http {
	access_log off;
	client_body_temp_path {{.Dir}}/body;
	proxy_temp_path {{.Dir}}/proxy;
	fastcgi_temp_path {{.Dir}}/fastcgi;
	uwsgi_temp_path {{.Dir}}/uwsgi;
	scgi_temp_path {{.Dir}}/scgi;
	server {
		listen {{.Listen}} ssl http2;
		ssl_certificate {{.Dir}}/cert.pem;
		ssl_certificate_key {{.Dir}}/key.pem;
		{{.Directives}}
		location / {
			proxy_pass http://{{.Upstream}};
			proxy_http_version 1.1;
			proxy_buffering off;
			proxy_set_header Host $http_host;
			proxy_set_header X-Test-Protocol $server_protocol;
			proxy_set_header X-Test-Connection $connection;
			proxy_set_header X-Forwarded-Host $http_host;
			proxy_set_header X-Forwarded-Proto $scheme;
		}
	}
}
`))

// startNginx runs nginx in front of a new tusd until the test ends. The directives
// replace the defaults of nginx, which are a body limit of 1 MiB and complete buffering
// of bodies.
func startNginx(t *testing.T, directives ...string) *nginx {
	t.Helper()
	return startNginxAt(t, "/files/", directives...)
}

// startNginxAt is startNginx with the path of the creation endpoint.
func startNginxAt(t *testing.T, path string, directives ...string) *nginx {
	t.Helper()
	return startNginxBefore(t, testserver.Config{BasePath: path}, directives...)
}

// startNginxBefore is startNginx with settings of tusd.
func startNginxBefore(t *testing.T, cfg testserver.Config, directives ...string) *nginx {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		missing(t, "nginx is not installed")
	}
	cfg.TrustForwarded = true
	n := &nginx{tusd: testserver.New(t, cfg)}
	dir := t.TempDir()
	n.roots, n.ca = writeCertificate(t, dir), filepath.Join(dir, "cert.pem")

	// nginx inherits an open listening socket, as it does when it is upgraded. The test
	// therefore needs no free port and does not wait for the start of nginx.
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	socket, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.Close() }()
	n.url = "https://" + l.Addr().String() + strings.TrimPrefix(n.tusd.URL(), "http://"+hostOf(t, n.tusd.URL()))

	var config bytes.Buffer
	if err := nginxConfig.Execute(&config, map[string]any{
		"Dir": dir, "Listen": l.Addr(), "Upstream": hostOf(t, n.tusd.URL()), "Directives": strings.Join(directives, "\n"),
		"Root": os.Getuid() == 0,
	}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, config.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}

	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program, "-p", dir, "-c", file, "-e", "stderr")
	cmd.Env = append(os.Environ(), "NGINX=3;")
	cmd.ExtraFiles = []*os.File{socket}
	cmd.Stderr = &stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The context of the test has ended. The exit status is that of the signal or of
		// a failed start.
		err := cmd.Wait()
		if t.Failed() {
			t.Logf("nginx: %v\n%s", err, stderr.String())
		}
	})
	return n
}

// writeCertificate writes cert.pem and key.pem for 127.0.0.1, and returns their
// authority. They are the certificate and key of net/http/httptest.
func writeCertificate(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	srv := httptest.NewTLSServer(nil)
	defer srv.Close()
	pair := srv.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: pair.Certificate[0]},
		"key.pem":  {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AddCert(srv.Certificate())
	return pool
}
