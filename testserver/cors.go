package testserver

import (
	"maps"
	"net/http"

	"github.com/tus/tusd/v2/pkg/handler"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver/internal/httpmsg"
)

// Names of the headers of CORS.
const (
	corsAllowOrigin   = "Access-Control-Allow-Origin"
	corsAllowMethods  = "Access-Control-Allow-Methods"
	corsAllowHeaders  = "Access-Control-Allow-Headers"
	corsMaxAge        = "Access-Control-Max-Age"
	corsExposeHeaders = "Access-Control-Expose-Headers"
)

// corsConfig returns tusd's own configuration of CORS, which allows all origins,
// and adds the headers of the extensions that a Config can enable. The headers
// are always included, because some clients send Upload-Checksum to each server.
func corsConfig() *handler.CorsConfig {
	cors := handler.DefaultCorsConfig
	cors.AllowHeaders += ", " + protocol.HeaderUploadChecksum
	cors.ExposeHeaders += ", " + protocol.HeaderChecksumAlgorithm + ", " + protocol.HeaderUploadExpires
	return &cors
}

// corsHeader returns the headers of CORS that tusd adds to its answer to r. nil:
// r is not from a page of a browser.
func corsHeader(r *http.Request) http.Header {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return nil
	}
	cors, h := corsConfig(), make(http.Header)
	h.Set(corsAllowOrigin, origin)
	h.Set("Vary", "Origin")
	if httpmsg.Method(r) == http.MethodOptions {
		h.Set(corsAllowMethods, cors.AllowMethods)
		h.Set(corsAllowHeaders, cors.AllowHeaders)
		h.Set(corsMaxAge, cors.MaxAge)
	} else {
		h.Set(corsExposeHeaders, cors.ExposeHeaders)
	}
	return h
}

// serveWithCORS applies a to r. An answer that a gives in place of next has the
// headers of CORS that tusd would send. Without them, a browser hides the status
// of the answer from a page of another origin. Headers of the caller's own
// handler around the server have precedence.
func serveWithCORS(w http.ResponseWriter, r *http.Request, a Action, next http.Handler) {
	added := corsHeader(r)
	if _, ok := w.Header()[corsAllowOrigin]; ok || added == nil {
		a.Serve(w, r, next)
		return
	}
	maps.Copy(w.Header(), added)
	a.Serve(w, r, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// tusd appends to some of these headers.
		for name := range added {
			w.Header().Del(name)
		}
		next.ServeHTTP(w, r)
	}))
}
