package testserver

import "net/http"

// withSite passes requests outside the base path to Config.Site, and other
// requests to next.
func (s *Server) withSite(next http.Handler) http.Handler {
	if s.cfg.Site == nil {
		return next
	}
	site := s.cfg.Site(s)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isBelow(r.URL.Path, s.cfg.BasePath) {
			next.ServeHTTP(w, r)
			return
		}
		if !s.begin() {
			panic(http.ErrAbortHandler)
		}
		defer s.handlers.Done()
		site.ServeHTTP(w, r)
	})
}

// finished returns the function that tusd calls for a completed upload. nil:
// there is nothing to call.
func (s *Server) finished() func(id string) {
	if s.cfg.Finished == nil {
		return nil
	}
	return func(id string) {
		uploadURL := s.url + id
		info, err := s.store.info(uploadURL)
		if err != nil || info.SizeIsDeferred || info.Offset != info.Size {
			// A final upload that waits for its parts.
			return
		}
		s.cfg.Finished(s, uploadURL)
	}
}
