package page

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/tusker-go/tusker/testserver"
)

// guard refuses requests of other origins, and adds headers that keep answers
// from pages of other origins. It adds no headers of CORS, so such pages cannot
// read an answer.
func guard(next http.Handler, hosts []string) http.Handler {
	protected := http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		if !isAllowedHost(r.Host, hosts) {
			// An attacker can let a name of their own resolve to this address.
			// Their page then has the origin of this server.
			http.Error(w, "use the IP address of this server, or localhost, instead of a name", http.StatusMisdirectedRequest)
			return
		}
		protected.ServeHTTP(w, r)
	})
}

// allowedHosts returns the names that requests to s may have as their Host, in
// addition to IP addresses.
func allowedHosts(s *testserver.Server) []string {
	hosts := []string{"localhost"}
	if name, err := os.Hostname(); err == nil && name != "" {
		hosts = append(hosts, name)
	}
	if u, err := url.Parse(s.URL()); err == nil {
		hosts = append(hosts, u.Hostname())
	}
	return hosts
}

// isAllowedHost reports whether a request with this Host is for this server. An
// IP address cannot resolve to another address.
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
