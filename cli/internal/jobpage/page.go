// Package jobpage shows the state of a job over HTTP: a page for people, which changes while it
// is open, and metrics for Prometheus.
//
// The page has no other address in it, sends nothing, and changes nothing. It contains neither
// URLs of uploads nor credentials.
package jobpage

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tusker-go/tusker/cli/internal/units"
)

var (
	//go:embed assets/page.html
	document string
	//go:embed assets/page.css
	style string
	//go:embed assets/page.js
	script string
)

// refresh is the time between two states of an open page.
const refresh = time.Second

// readTimeout is how long the state of a job may take.
const readTimeout = 10 * time.Second

// Source says what a page shows.
type Source struct {
	// Status returns the state of the job. It is called once a second for each open page, and
	// must be safe for concurrent use.
	Status func(context.Context) (*Status, error)
	// Metrics returns metrics besides those of the job, such as those of this process. nil:
	// none. It must be safe for concurrent use.
	Metrics func() []Metric
	// Done ends the streams of open pages, so that a server can shut down.
	Done <-chan struct{}
}

// New returns a handler with the page at "/", its stream of states at "/events", and metrics at
// "/metrics". Other paths get 404. Hosts are names that requests may have as their Host, in
// addition to IP addresses, localhost and the name of the machine: a page of another origin
// cannot read the answers by a name that resolves to this address.
func New(s Source, hosts ...string) http.Handler {
	mux := http.NewServeMux()
	page := template.Must(template.New("page").Funcs(template.FuncMap{
		"size": units.FormatSize, "json": initialJSON,
	}).Parse(document))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { s.servePage(w, r, page) })
	mux.HandleFunc("GET /events", s.serveEvents)
	mux.HandleFunc("GET /metrics", s.serveMetrics)
	hosts = append(hosts, "localhost")
	if name, err := os.Hostname(); err == nil && name != "" {
		hosts = append(hosts, name)
	}
	return guard(mux, hosts)
}

func (s Source) status(ctx context.Context) (*Status, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	return s.Status(ctx)
}

func (s Source) servePage(w http.ResponseWriter, r *http.Request, page *template.Template) {
	status, err := s.status(r.Context())
	if err != nil {
		status = &Status{}
	}
	var b bytes.Buffer
	problem := ""
	if err != nil {
		problem = "The engine does not answer."
	}
	err = page.Execute(&b, map[string]any{
		"Status": status, "Style": template.CSS(style), "Script": template.JS(script), "Problem": problem,
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", policy())
	_, _ = w.Write(b.Bytes())
}

// policy allows the script and the style of the page by their sums, and connections to the
// page's own origin.
var policy = sync.OnceValue(func() string {
	return strings.Join([]string{
		"default-src 'none'", "script-src " + sum(&script), "style-src " + sum(&style), "img-src data:", "connect-src 'self'",
		"base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
		"require-trusted-types-for 'script'", "trusted-types 'none'",
	}, "; ")
})

func sum(text *string) string {
	digest := sha256.Sum256([]byte(*text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) + "'"
}

// initialJSON returns the state for the script of the page.
func initialJSON(s *Status) (template.JS, error) {
	text, err := json.Marshal(s) // escapes <, > and &
	return template.JS(text), err
}

// serveEvents writes the state once a second, as server-sent events.
func (s Source) serveEvents(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	ticks := time.NewTicker(refresh)
	defer ticks.Stop()
	for {
		event := "status"
		status, err := s.status(r.Context())
		text, _ := json.Marshal(status)
		if err != nil {
			event, text = "problem", []byte("{}")
		}
		if _, err := fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event, text); err != nil {
			return
		}
		if err := out.Flush(); err != nil {
			return
		}
		select {
		case <-ticks.C:
		case <-r.Context().Done():
			return
		case <-s.Done:
			return
		}
	}
}

// guard adds headers that keep answers from pages of other origins, and refuses requests by a
// name that any attacker can let resolve to this address.
func guard(next http.Handler, hosts []string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		if !isAllowedHost(r.Host, hosts) && r.URL.Path != "/metrics" {
			http.Error(w, "use the IP address of this machine, its name, or localhost", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isAllowedHost reports whether the Host of a request is an IP address or one of hosts.
func isAllowedHost(hostport string, hosts []string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return slices.ContainsFunc(hosts, func(name string) bool { return strings.EqualFold(name, host) })
}
