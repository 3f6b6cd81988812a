package page_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/testserver/page"
)

// reply is an answer with its complete body.
type reply struct {
	status int
	header http.Header
	body   string
}

// request sends a request to a path of the server. header is a list of names and
// values; the value of Host is the Host of the request.
func request(t *testing.T, s *testserver.Server, method, path, body string, header ...string) reply {
	t.Helper()
	u, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	target, err := u.Parse(path)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, target.String(), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
		req.Header.Set(header[i], header[i+1])
	}
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, string(b)}
}

var (
	scripts   = regexp.MustCompile(`(?s)<script>(.*?)</script>`)
	styles    = regexp.MustCompile(`(?s)<style>(.*?)</style>`)
	addresses = regexp.MustCompile(`(?i)(src|href|action|data|poster|srcset)\s*=\s*["']?([^"' >]*)|url\(|@import|https?://[^' ]*`)
)

// The policy of the page allows its own scripts and style by their sums, and
// nothing from an address.
func TestPolicy(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{BasePath: `/a"b/`, Site: page.New})
	res := request(t, s, http.MethodGet, "/", "")
	html := res.body
	if res.status != http.StatusOK || !strings.HasPrefix(res.header.Get("Content-Type"), "text/html") {
		t.Fatalf("got %d, %v, want status 200 and the prefix %q", res.status, res.header, "text/html")
	}
	policy := make(map[string]string)
	for directive := range strings.SplitSeq(res.header.Get("Content-Security-Policy"), "; ") {
		name, value, _ := strings.Cut(directive, " ")
		policy[name] = value
	}
	sums := func(pattern *regexp.Regexp, want int) string {
		var out []string
		for _, match := range pattern.FindAllStringSubmatch(html, -1) {
			sum := sha256.Sum256([]byte(match[1]))
			out = append(out, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
		}
		if len(out) != want {
			t.Errorf("%d elements for %s, want %d", len(out), pattern, want)
		}
		return strings.Join(out, " ")
	}
	want := map[string]string{
		"default-src": "'none'", "script-src": sums(scripts, 2), "style-src": sums(styles, 1), "img-src": "data:",
		"connect-src": "'self'", "base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'",
		"require-trusted-types-for": "'script'", "trusted-types": "'none'",
	}
	if diff := cmp.Diff(want, policy); diff != "" {
		t.Errorf("policy (-want +got):\n%s", diff)
	}
	markup := scripts.ReplaceAllString(html, "")
	for _, match := range addresses.FindAllStringSubmatch(markup, -1) {
		if strings.HasPrefix(match[2], "data:") || match[0] == "http://www.w3.org/2000/svg" || match[1] == "data" {
			continue
		}
		t.Errorf("an address: %q", match[0])
	}
	if inline := regexp.MustCompile(`(?i)\son[a-z]+=|style=|javascript:`).FindString(markup); inline != "" {
		t.Errorf("the policy forbids %q", inline)
	}
	if want := `data-endpoint="/a%22b/"`; !strings.Contains(html, want) {
		t.Errorf("no %s in the page", want)
	}
	for _, code := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("} {
		if strings.Contains(html, code) {
			t.Errorf("the page has %s", code)
		}
	}
}

// Only pages of this server, and programs that are not browsers, can use the
// page, the list and the faults. S-SERVE-PAGE.
func TestGuard(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{Site: page.New})
	u, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	own, port := "http://"+u.Host, u.Port()
	hostname, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	const fault = `{"fault":"503"}`
	for _, tt := range []struct {
		name         string
		method, path string
		header       []string
		want         int
	}{
		{"page", "GET", "/", nil, 200},
		{"page of localhost", "GET", "/", []string{"Host", "LOCALHOST:" + port}, 200},
		{"page of another address", "GET", "/", []string{"Host", "192.0.2.1:" + port}, 200},
		{"page of IPv6", "GET", "/", []string{"Host", "[::1]:" + port}, 200},
		{"page of IPv6 without port", "GET", "/", []string{"Host", "[::1]"}, 200},
		{"page of this machine", "GET", "/", []string{"Host", hostname + ":" + port}, 200},
		{"page of a name of an attacker", "GET", "/", []string{"Host", "evil.test:" + port}, 421},
		{"name that looks like an address", "GET", "/", []string{"Host", "127.0.0.1.evil.test:" + port}, 421},
		{"name that begins like localhost", "GET", "/", []string{"Host", "localhost.evil.test"}, 421},
		{"list", "GET", "/page/uploads", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"list of a name of an attacker", "GET", "/page/uploads", []string{"Host", "evil.test:" + port, "Sec-Fetch-Site", "same-origin"}, 421},
		{"fault of the page", "POST", "/page/fault", []string{"Origin", own, "Sec-Fetch-Site", "same-origin"}, 204},
		{"fault of the page in an old browser", "POST", "/page/fault", []string{"Origin", own}, 204},
		{"fault of a program", "POST", "/page/fault", nil, 204},
		{"fault of another site", "POST", "/page/fault", []string{"Origin", "https://evil.test", "Sec-Fetch-Site", "cross-site"}, 403},
		{"fault of another port", "POST", "/page/fault", []string{"Origin", "http://127.0.0.1:1", "Sec-Fetch-Site", "same-site"}, 403},
		{"fault of another port in an old browser", "POST", "/page/fault", []string{"Origin", "http://127.0.0.1:1"}, 403},
		{"fault of a sandbox", "POST", "/page/fault", []string{"Origin", "null"}, 403},
		{"fault of a name of an attacker", "POST", "/page/fault", []string{"Host", "evil.test:" + port, "Origin", "http://evil.test:" + port}, 421},
		{"fault by a form", "POST", "/page/fault", []string{"Content-Type", "text/plain"}, 415},
		{"fault by GET", "GET", "/page/fault", nil, 405},
		{"preflight for a fault", "OPTIONS", "/page/fault", []string{"Origin", "https://evil.test", "Access-Control-Request-Method", "POST"}, 405},
		{"another path", "GET", "/page/", nil, 404},
		{"another file", "GET", "/index.html", nil, 404},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := len(s.Pending())
			header := append([]string{"Content-Type", "application/json"}, tt.header...)
			res := request(t, s, tt.method, tt.path, fault, header...)
			if res.status != tt.want {
				t.Errorf("got %d, %q; want %d", res.status, res.body, tt.want)
			}
			for name := range res.header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s: %s lets other origins in", name, res.header.Get(name))
				}
			}
			if got := res.header.Get("Cross-Origin-Resource-Policy"); got != "same-origin" {
				t.Errorf("got Cross-Origin-Resource-Policy %q, want %q", got, "same-origin")
			}
			if added, want := len(s.Pending())-before, tt.want == http.StatusNoContent; (added > 0) != want {
				t.Errorf("%d faults were injected, want some: %t", added, want)
			}
		})
	}
}

// A fault of the page applies to the next request of an upload, before other
// faults, and not to downloads and preflights.
func TestFault(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{Site: page.New})
	s.Inject(testserver.Fault{Times: testserver.Always, Method: http.MethodPatch, Do: testserver.Status(http.StatusTeapot, nil, "")})
	for _, tt := range []struct {
		fault string
		want  int // status of the PATCH
	}{{"409", 409}, {"423", 423}, {"500", 500}, {"503", 503}} {
		res := request(t, s, http.MethodPost, "/page/fault", `{"fault":"`+tt.fault+`"}`, "Content-Type", "application/json; charset=utf-8")
		if res.status != http.StatusNoContent {
			t.Fatalf("%s: got %d, want 204, %q", tt.fault, res.status, res.body)
		}
		for _, method := range []string{http.MethodGet, http.MethodOptions} {
			if res := request(t, s, method, "/files/x", "", "Tus-Resumable", "1.0.0"); res.status == tt.want {
				t.Errorf("%s: the fault hit %s, want it to hit other requests", tt.fault, method)
			}
		}
		for _, want := range []int{tt.want, http.StatusTeapot} {
			if res := request(t, s, http.MethodPatch, "/files/x", "", "Tus-Resumable", "1.0.0"); res.status != want {
				t.Errorf("%s: got %d, %q; want %d", tt.fault, res.status, res.body, want)
			}
		}
	}
	before := len(s.Pending())
	for _, body := range []string{"", "{}", `{"fault":"teapot"}`, `["cut"]`, strings.Repeat(" ", 2000) + `{"fault":"cut"}`} {
		if res := request(t, s, http.MethodPost, "/page/fault", body, "Content-Type", "application/json"); res.status != http.StatusBadRequest {
			t.Errorf("%.20q: got %d, want 400", body, res.status)
		}
	}
	for _, fault := range []string{"cut", "drop", "stall"} {
		request(t, s, http.MethodPost, "/page/fault", `{"fault":"`+fault+`"}`, "Content-Type", "application/json")
	}
	if got := len(s.Pending()) - before; got != 3 {
		t.Errorf("%d faults were injected, want 3", got)
	}
}

// The list has the names, sizes and paths of complete uploads, the newest first.
func TestUploads(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{Site: page.New})
	add := func(body string, length int, metadata protocol.Metadata, header ...string) string {
		t.Helper()
		value, err := metadata.Encode()
		if err != nil {
			t.Fatal(err)
		}
		header = append(header, "Tus-Resumable", "1.0.0", "Upload-Length", strconv.Itoa(length))
		if value != "" {
			header = append(header, "Upload-Metadata", value)
		}
		if body != "" {
			header = append(header, "Content-Type", protocol.ContentType)
		}
		res := request(t, s, http.MethodPost, s.URL(), body, header...)
		if res.status != http.StatusCreated {
			t.Fatalf("got %d, want 201, %q", res.status, res.body)
		}
		return res.header.Get("Location")
	}
	const script = `"><script>alert(1)</script>`
	named := add("hello", 5, protocol.Metadata{"filename": script, "name": "other"})
	unnamed := add("", 0, nil)
	byUppy := add("abc", 3, protocol.Metadata{"name": "слон.bin"})
	add("part", 4, protocol.Metadata{"filename": "a part"}, "Upload-Concat", "partial")
	add("half", 8, protocol.Metadata{"filename": "unfinished"})
	var want []map[string]any
	for i, u := range []string{named, unnamed, byUppy} {
		file, err := s.Path(u)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, 1, 1, 0, 0, i, 0, time.UTC)
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
		path := strings.TrimPrefix(u, strings.TrimSuffix(s.URL(), "/files/"))
		row := []map[string]any{
			{"name": script, "size": 5.0}, {"name": strings.TrimPrefix(path, "/files/"), "size": 0.0}, {"name": "слон.bin", "size": 3.0},
		}[i]
		row["url"], row["modified"] = path, at.Format(time.RFC3339)
		want = append([]map[string]any{row}, want...)
	}
	res := request(t, s, http.MethodGet, "/page/uploads", "")
	if res.header.Get("Content-Type") != "application/json" || strings.Contains(res.body, "<script>") {
		t.Errorf("got %v, %s, want Content-Type %q and no %q in it", res.header, res.body, "application/json", "<script>")
	}
	var got struct {
		Uploads []map[string]any
		Total   int
	}
	if err := json.Unmarshal([]byte(res.body), &got); err != nil {
		t.Fatal(err)
	}
	for _, row := range got.Uploads {
		at, err := time.Parse(time.RFC3339, row["modified"].(string))
		if err != nil {
			t.Error(err)
		}
		row["modified"] = at.UTC().Format(time.RFC3339)
	}
	if diff := cmp.Diff(want, got.Uploads); diff != "" || got.Total != 3 {
		t.Errorf("total %d, uploads (-want +got):\n%s", got.Total, diff)
	}
}

// The list is limited to the newest uploads, and says how many there are.
func TestManyUploads(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{Site: page.New})
	for range 105 {
		request(t, s, http.MethodPost, s.URL(), "", "Tus-Resumable", "1.0.0", "Upload-Length", "0")
	}
	body := request(t, s, http.MethodGet, "/page/uploads", "").body
	if got := strings.Count(body, `"url"`); got != 100 || !strings.Contains(body, `"total":105`) {
		t.Errorf("%d rows, %s, want 100 and %q in it", got, body[max(0, len(body)-40):], `"total":105`)
	}
}

// An empty list is an empty array.
func TestNoUploads(t *testing.T) {
	t.Parallel()
	s := testserver.New(t, testserver.Config{Site: page.New})
	if body := request(t, s, http.MethodGet, "/page/uploads", "").body; body != `{"uploads":[],"total":0}`+"\n" {
		t.Errorf("got %s, want %q", body, `{"uploads":[],"total":0}`+"\n")
	}
}
