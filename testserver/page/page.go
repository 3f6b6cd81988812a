// Package page serves a page for people with a browser. On the page they upload
// files to a [testserver.Server], pause and resume uploads, break requests, and
// download finished uploads.
//
// [New] has the type of the field Site of [testserver.Config]:
//
//	testserver.Start(testserver.Config{Site: page.New})
//
// The page consists of one document without any other address. Its script is
// also an example of tus 1.0.0: POST, HEAD and PATCH in about a hundred lines.
package page

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/tusker-go/tusker/testserver"
)

var (
	//go:embed assets/page.html
	document string
	//go:embed assets/page.css
	style string
	//go:embed assets/tus.js
	tusScript string
	//go:embed assets/page.js
	pageScript string
)

// New returns a handler with the page at "/", the list of finished uploads at
// "/page/uploads", and the control of faults at "/page/fault". Other paths get
// 404.
//
// Pages of other origins cannot use any of them, also not by a host name that
// resolves to the address of s: the Host of a request must be an IP address,
// localhost, or the name of this machine. Programs other than browsers can use
// all of them.
func New(s *testserver.Server) http.Handler {
	mux := http.NewServeMux()
	html, policy := render(s)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", policy)
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		_, _ = w.Write(html)
	})
	mux.HandleFunc("GET /page/uploads", func(w http.ResponseWriter, _ *http.Request) { serveUploads(w, s) })
	mux.HandleFunc("POST /page/fault", func(w http.ResponseWriter, r *http.Request) { serveFault(w, r, s) })
	return guard(mux, allowedHosts(s))
}

// render returns the document and its content security policy, which names the
// sums of the scripts and of the style. An upload on the same origin therefore
// cannot become a script of the page.
func render(s *testserver.Server) (html []byte, policy string) {
	endpoint := "/"
	if u, err := url.Parse(s.URL()); err == nil {
		endpoint = u.EscapedPath()
	}
	var b bytes.Buffer
	// The template and its data are constant except for the endpoint, and a test
	// executes it.
	_ = template.Must(template.New("page").Parse(document)).Execute(&b, map[string]any{
		"Endpoint": endpoint,
		"Faults":   faults,
		"Style":    template.CSS(style),
		"Tus":      template.JS(tusScript),
		"Page":     template.JS(pageScript),
	})
	return b.Bytes(), strings.Join([]string{
		"default-src 'none'",
		"script-src " + sum(tusScript) + " " + sum(pageScript),
		"style-src " + sum(style),
		"img-src data:",
		"connect-src 'self'",
		"base-uri 'none'",
		"form-action 'none'",
		"frame-ancestors 'none'",
		"require-trusted-types-for 'script'",
		"trusted-types 'none'",
	}, "; ")
}

// sum returns the source expression of a content security policy that allows an
// element with this text.
func sum(text string) string {
	digest := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) + "'"
}
