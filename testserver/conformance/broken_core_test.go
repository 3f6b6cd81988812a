package conformance_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver/conformance/internal/exemplar"
)

var brokenServers = append(brokenCore, brokenExtensions...)

var brokenCore = []broken{
	{rule: "offset-integer", name: "sign", wrap: header("HEAD", protocol.HeaderUploadOffset, "+3")},
	{rule: "offset-integer", name: "fraction", wrap: header("PATCH", protocol.HeaderUploadOffset, "3.0")},
	{rule: "length-integer", name: "word", wrap: header("HEAD", protocol.HeaderUploadLength, "five")},
	{rule: "version-list", name: "semicolon", wrap: header("OPTIONS", protocol.HeaderVersion, "1.0.0;0.2.2")},
	{rule: "version-list", name: "not that of the answers", wrap: header("OPTIONS", protocol.HeaderVersion, "0.2.2")},
	{rule: "resumable-included", name: "not found", wrap: answers(func(_ *http.Request, a *httptest.ResponseRecorder) {
		if a.Code == http.StatusNotFound {
			a.Header().Del(protocol.HeaderResumable)
		}
	})},
	{rule: "resumable-included", name: "nowhere", wrap: answers(func(_ *http.Request, a *httptest.ResponseRecorder) {
		a.Header().Del(protocol.HeaderResumable)
	})},
	{rule: "resumable-version", name: "short", wrap: header("HEAD", protocol.HeaderResumable, "1")},
	{rule: "version-unsupported", name: "status", wrap: answers(func(_ *http.Request, a *httptest.ResponseRecorder) {
		if a.Code == http.StatusPreconditionFailed {
			a.Code = http.StatusBadRequest
		}
	})},
	{rule: "version-unsupported", name: "no versions", wrap: answers(func(_ *http.Request, a *httptest.ResponseRecorder) {
		if a.Code == http.StatusPreconditionFailed {
			a.Header().Del(protocol.HeaderVersion)
		}
	})},
	{rule: "version-unsupported-not-processed", name: "stored", wrap: requests(func(s *exemplar.Server, _ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPatch && r.Header.Get(protocol.HeaderResumable) != protocol.Version {
			appendTo(s, r)
		}
		return false
	})},
	{rule: "extension-list", name: "space", wrap: answers(func(_ *http.Request, a *httptest.ResponseRecorder) {
		if list := a.Header().Get(protocol.HeaderExtension); list != "" {
			a.Header().Set(protocol.HeaderExtension, list+",not yet")
		}
	})},
	{
		rule: "extension-omitted", name: "empty", with: func(c *exemplar.Config) { c.Extensions = nil },
		wrap: answers(func(r *http.Request, a *httptest.ResponseRecorder) {
			if r.Method == http.MethodOptions {
				a.Header().Set(protocol.HeaderExtension, "")
			}
		}),
		implied: []string{"creation-implemented"},
	},
	{rule: "max-size-integer", name: "unit", wrap: header("OPTIONS", protocol.HeaderMaxSize, "1MiB")},
	{rule: "max-size-set", name: "hidden", wrap: header("OPTIONS", protocol.HeaderMaxSize, "")},
	{rule: "method-override", name: "refused", wrap: requests(func(_ *exemplar.Server, w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get(protocol.HeaderMethodOverride) == "" {
			return false
		}
		w.WriteHeader(http.StatusBadRequest)
		return true
	})},
	{rule: "method-override-ignored", name: "only for POST", wrap: requests(func(_ *exemplar.Server, _ http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost {
			r.Header.Del(protocol.HeaderMethodOverride)
		}
		return false
	})},

	{rule: "head-offset", name: "not at 0", wrap: answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		if r.Method == http.MethodHead && a.Header().Get(protocol.HeaderUploadOffset) == "0" && a.Header().Get(protocol.HeaderUploadConcat) == "" {
			a.Header().Del(protocol.HeaderUploadOffset)
		}
	})},
	{rule: "head-offset", name: "not when complete", wrap: answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		h := a.Header()
		if r.Method == http.MethodHead && h.Get(protocol.HeaderUploadOffset) == h.Get(protocol.HeaderUploadLength) && h.Get(protocol.HeaderUploadConcat) == "" {
			h.Del(protocol.HeaderUploadOffset)
		}
	})},
	{rule: "head-length", name: "missing", wrap: answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		if r.Method == http.MethodHead && a.Header().Get(protocol.HeaderUploadConcat) == "" {
			a.Header().Del(protocol.HeaderUploadLength)
		}
	})},
	{rule: "head-not-found", name: "status", wrap: func(s *exemplar.Server) wrap {
		return answers(func(r *http.Request, a *httptest.ResponseRecorder) {
			if r.Method == http.MethodHead && s.Upload(r.URL) == nil {
				a.Code = http.StatusBadRequest
			}
		})(s)
	}},
	{rule: "head-not-found", name: "offset", wrap: answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		if r.Method == http.MethodHead && a.Code == http.StatusNotFound {
			a.Header().Set(protocol.HeaderUploadOffset, "0")
		}
	})},
	{rule: "head-status", name: "accepted", wrap: status("HEAD", http.StatusOK, http.StatusAccepted)},
	{rule: "head-no-store", name: "no-cache", wrap: header("HEAD", "Cache-Control", "no-cache")},
	{rule: "head-no-store", name: "missing", wrap: header("HEAD", "Cache-Control", "")},

	{rule: "patch-applies", name: "refused", wrap: requests(func(_ *exemplar.Server, w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPatch || r.Header.Get(protocol.HeaderUploadOffset) != "3" || r.ContentLength != 2 {
			return false
		}
		w.Header().Set(protocol.HeaderResumable, protocol.Version)
		w.WriteHeader(http.StatusBadRequest)
		return true
	})},
	{rule: "patch-applies", name: "other bytes", wrap: requests(func(_ *exemplar.Server, _ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPatch && r.Header.Get(protocol.HeaderUploadOffset) == "3" {
			r.Body = io.NopCloser(strings.NewReader(strings.Repeat("x", int(r.ContentLength))))
		}
		return false
	})},
	{rule: "patch-content-type", name: "accepted", wrap: requests(func(_ *exemplar.Server, _ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPatch {
			r.Header.Set(protocol.HeaderContentType, protocol.ContentType)
		}
		return false
	})},
	{rule: "patch-offset-mismatch", name: "status", wrap: status("PATCH", http.StatusConflict, http.StatusBadRequest)},
	{rule: "patch-offset-mismatch", name: "stored", wrap: func(s *exemplar.Server) wrap {
		return answers(func(r *http.Request, a *httptest.ResponseRecorder) {
			if r.Method == http.MethodPatch && a.Code == http.StatusConflict {
				appendTo(s, r)
			}
		})(s)
	}},
	{rule: "patch-status", name: "200", wrap: status("PATCH", http.StatusNoContent, http.StatusOK)},
	{rule: "patch-offset", name: "missing", wrap: header("PATCH", protocol.HeaderUploadOffset, "")},
	{rule: "patch-offset-sum", name: "one more", wrap: answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		if n, err := strconv.Atoi(a.Header().Get(protocol.HeaderUploadOffset)); err == nil && r.Method == http.MethodPatch {
			a.Header().Set(protocol.HeaderUploadOffset, strconv.Itoa(n+1))
		}
	})},
	{rule: "patch-not-found", name: "gone", wrap: answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		if r.Method == http.MethodPatch && a.Code == http.StatusNotFound {
			a.Code = http.StatusGone
		}
	})},
	{rule: "patch-stores-received", name: "nothing", wrap: requests(func(_ *exemplar.Server, w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPatch {
			return false
		}
		body, err := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
		return err != nil
	})},

	{rule: "options-version", name: "missing", wrap: header("OPTIONS", protocol.HeaderVersion, "")},
	{rule: "options-resumable-ignored", name: "412", wrap: answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		if v := r.Header.Get(protocol.HeaderResumable); r.Method == http.MethodOptions && v != "" && v != protocol.Version {
			a.Code = http.StatusPreconditionFailed
		}
	})},
}

// appendTo stores a byte of a request that must not be processed.
func appendTo(s *exemplar.Server, r *http.Request) {
	if u := s.Upload(r.URL); u != nil {
		u.Data = append(u.Data, 'x')
	}
}
