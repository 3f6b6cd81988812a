package rufhserver

import (
	"net/http"
	"strings"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// exposed are the response fields that scripts of other origins can read. Browsers hide interim
// responses from scripts.
var exposed = strings.Join([]string{
	protocol.HeaderLocation, rufh.HeaderInteropVersion, rufh.HeaderUploadComplete, rufh.HeaderUploadIncomplete,
	rufh.HeaderUploadLength, rufh.HeaderUploadLimit, rufh.HeaderUploadOffset,
}, ", ")

// preflightAge is how many seconds a browser keeps the answer to a preflight request.
const preflightAge = "86400"

// allowOrigin allows scripts of the origin of a request to read its response. A request without
// Origin is not that of such a script.
func allowOrigin(response, request http.Header) {
	origin := request.Get("Origin")
	if origin == "" {
		return
	}
	response.Set("Access-Control-Allow-Origin", origin)
	response.Set("Access-Control-Expose-Headers", exposed)
	response.Add("Vary", "Origin")
}

// isPreflight reports whether a browser asks if a script may send a request (Fetch, section
// "CORS-preflight request").
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

// preflight allows the request that a script wants to send.
func preflight(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Access-Control-Allow-Methods", r.Header.Get("Access-Control-Request-Method"))
	if fields := r.Header.Get("Access-Control-Request-Headers"); fields != "" {
		header.Set("Access-Control-Allow-Headers", fields)
	}
	header.Set("Access-Control-Max-Age", preflightAge)
	w.WriteHeader(http.StatusNoContent)
}
