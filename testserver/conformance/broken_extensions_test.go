package conformance_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/testserver/conformance/internal/exemplar"
)

func only(extensions ...protocol.Extension) func(*exemplar.Config) {
	return func(c *exemplar.Config) { c.Extensions = extensions }
}

// hasChecksum reports whether the request has a checksum, in a header or a
// trailer.
func hasChecksum(r *http.Request) bool {
	return r.Header.Get(protocol.HeaderUploadChecksum) != "" || r.Trailer.Get(protocol.HeaderUploadChecksum) != ""
}

// isFinal reports whether a is an answer to HEAD about a final upload.
func isFinal(r *http.Request, a *httptest.ResponseRecorder) bool {
	return r.Method == http.MethodHead && strings.HasPrefix(a.Header().Get(protocol.HeaderUploadConcat), "final")
}

var brokenExtensions = []broken{
	{rule: "creation-implemented", name: "no extension", with: only()},
	{rule: "creation-announced", name: "not announced", wrap: unannounced(protocol.ExtensionCreation), with: only(protocol.ExtensionCreation)},
	{rule: "creation-status", name: "200", wrap: status("POST", http.StatusCreated, http.StatusOK)},
	{rule: "creation-location", name: "200 without a Location to all bytes", wrap: answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		if r.Method == http.MethodPost && r.ContentLength > 0 && a.Header().Get(protocol.HeaderUploadOffset) == r.Header.Get(protocol.HeaderUploadLength) {
			a.Header().Del(protocol.HeaderLocation)
			a.Code = http.StatusOK
		}
	})},
	{rule: "creation-location", name: "200 without a Location", wrap: answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		if r.Method == http.MethodPost && a.Code == http.StatusCreated {
			a.Header().Del(protocol.HeaderLocation)
			a.Code = http.StatusOK
		}
	})},
	{rule: "creation-location", name: "missing", wrap: header("POST", protocol.HeaderLocation, "")},
	{rule: "max-size-exceeded", name: "400", wrap: status("POST", http.StatusRequestEntityTooLarge, http.StatusBadRequest)},

	{rule: "defer-length-value", name: "true", wrap: header("HEAD", protocol.HeaderUploadDeferLength, "true")},
	{rule: "defer-length-omitted", name: "0", wrap: answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		if r.Method == http.MethodHead && a.Code == http.StatusOK && a.Header().Get(protocol.HeaderUploadDeferLength) == "" {
			a.Header().Set(protocol.HeaderUploadDeferLength, "0")
		}
	})},
	{rule: "defer-length-invalid", name: "accepted", wrap: requests(func(_ *exemplar.Server, _ http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get(protocol.HeaderUploadDeferLength) != "" {
			r.Header.Set(protocol.HeaderUploadDeferLength, "1")
		}
		return false
	})},
	{rule: "length-unchanged", name: "changed", wrap: requests(func(s *exemplar.Server, _ http.ResponseWriter, r *http.Request) bool {
		n, err := protocol.ParseLength(r.Header.Get(protocol.HeaderUploadLength))
		if u := s.Upload(r.URL); u != nil && r.Method == http.MethodPatch && err == nil {
			if _, known := u.Length.Int64(); known {
				u.Length = n
			}
		}
		return false
	})},
	{rule: "defer-length-head", name: "missing", wrap: header("HEAD", protocol.HeaderUploadDeferLength, "")},
	{rule: "defer-length-announced", name: "not announced", wrap: unannounced(protocol.ExtensionCreationDeferLength)},

	{rule: "metadata-format", name: "two spaces", wrap: answers(func(_ *http.Request, a *httptest.ResponseRecorder) {
		if v := a.Header().Get(protocol.HeaderUploadMetadata); v != "" {
			a.Header().Set(protocol.HeaderUploadMetadata, strings.ReplaceAll(v, " ", "  "))
		}
	})},
	{rule: "metadata-format", name: "no padding", wrap: answers(func(_ *http.Request, a *httptest.ResponseRecorder) {
		if v := a.Header().Get(protocol.HeaderUploadMetadata); v != "" {
			a.Header().Set(protocol.HeaderUploadMetadata, strings.ReplaceAll(v, "=", ""))
		}
	})},
	{rule: "metadata-smuggling", name: "raw", wrap: answers(func(_ *http.Request, a *httptest.ResponseRecorder) {
		m, _ := protocol.ParseMetadata(a.Header().Get(protocol.HeaderUploadMetadata))
		for line := range strings.SplitSeq(m["filename"], "\r\n") {
			if name, value, ok := strings.Cut(line, ": "); ok {
				a.Header().Set(name, value)
			}
		}
	})},
	{rule: "metadata-returned", name: "missing", wrap: header("HEAD", protocol.HeaderUploadMetadata, "")},
	{rule: "metadata-returned", name: "one more", wrap: answers(func(_ *http.Request, a *httptest.ResponseRecorder) {
		if v := a.Header().Get(protocol.HeaderUploadMetadata); v != "" {
			a.Header().Set(protocol.HeaderUploadMetadata, v+",more")
		}
	})},
	{rule: "metadata-returned", name: "other", wrap: header("HEAD", protocol.HeaderUploadMetadata, "filename dHVz")},

	{
		rule: "creation-with-upload-announced", name: "not announced",
		wrap: unannounced(protocol.ExtensionCreationWithUpload),
	},
	{
		rule: "creation-with-upload-depends", name: "alone", with: only(protocol.ExtensionCreationWithUpload),
		implied: []string{"creation-implemented"},
	},
	{rule: "creation-with-upload-accepts", name: "one byte", wrap: requests(func(_ *exemplar.Server, _ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost && r.Header.Get(protocol.HeaderUploadOffset) == "" {
			r.Body = io.NopCloser(io.LimitReader(r.Body, 1))
		}
		return false
	})},
	{rule: "creation-with-upload-offset", name: "missing", wrap: header("POST", protocol.HeaderUploadOffset, "")},
	{rule: "creation-with-upload-offset", name: "wrong", wrap: header("POST", protocol.HeaderUploadOffset, "0")},

	{rule: "expiration-announced", name: "not announced", wrap: unannounced(protocol.ExtensionExpiration)},
	{rule: "expires-patch", name: "missing", wrap: header("PATCH", protocol.HeaderUploadExpires, "")},
	{rule: "expires-creation", name: "missing", wrap: header("POST", protocol.HeaderUploadExpires, "")},
	{rule: "expired-status", name: "400", wrap: answers(func(_ *http.Request, a *httptest.ResponseRecorder) {
		if a.Code == http.StatusGone {
			a.Code = http.StatusBadRequest
		}
	})},
	{rule: "expires-format", name: "seconds", wrap: answers(func(_ *http.Request, a *httptest.ResponseRecorder) {
		if t, err := http.ParseTime(a.Header().Get(protocol.HeaderUploadExpires)); err == nil {
			a.Header().Set(protocol.HeaderUploadExpires, t.Format(time.RFC3339))
		}
	})},

	{rule: "checksum-announced", name: "not announced", wrap: unannounced(protocol.ExtensionChecksum)},
	{rule: "checksum-verified", name: "ignored", wrap: requests(func(_ *exemplar.Server, _ http.ResponseWriter, r *http.Request) bool {
		// Only the algorithm is checked.
		if r.Header.Get(protocol.HeaderUploadChecksum) != "" && !strings.HasPrefix(r.Header.Get(protocol.HeaderUploadChecksum), "tusker-none") {
			r.Header.Del(protocol.HeaderUploadChecksum)
		}
		return false
	})},
	{rule: "checksum-verified", name: "trailer ignored", wrap: requests(func(_ *exemplar.Server, _ http.ResponseWriter, r *http.Request) bool {
		r.Trailer = nil
		return false
	})},
	{rule: "checksum-discarded", name: "kept", wrap: func(s *exemplar.Server) wrap {
		return answers(func(r *http.Request, a *httptest.ResponseRecorder) {
			if hasChecksum(r) && a.Code == 460 {
				appendTo(s, r)
			}
		})(s)
	}},
	{rule: "checksum-discarded", name: "kept after 400", wrap: func(s *exemplar.Server) wrap {
		return answers(func(r *http.Request, a *httptest.ResponseRecorder) {
			if hasChecksum(r) && a.Code == http.StatusBadRequest {
				appendTo(s, r)
			}
		})(s)
	}},
	{rule: "checksum-sha1", name: "md5 alone", with: func(c *exemplar.Config) { c.Algorithms = []string{"md5"} }},
	{rule: "checksum-names", name: "uppercase", wrap: header("OPTIONS", protocol.HeaderChecksumAlgorithm, "sha1,CRC32C")},
	{rule: "checksum-algorithms", name: "missing", wrap: header("OPTIONS", protocol.HeaderChecksumAlgorithm, "")},
	{rule: "checksum-trailer-announced", name: "not announced", wrap: unannounced(protocol.ExtensionChecksumTrailer)},
	{rule: "checksum-list", name: "not all that work", wrap: header("OPTIONS", protocol.HeaderChecksumAlgorithm, "sha1,md5")},
	{rule: "checksum-list", name: "semicolon", wrap: header("OPTIONS", protocol.HeaderChecksumAlgorithm, "sha1;md5")},

	{rule: "termination-announced", name: "not announced", wrap: unannounced(protocol.ExtensionTermination)},
	{rule: "termination-status", name: "200", wrap: status("DELETE", http.StatusNoContent, http.StatusOK)},
	{rule: "termination-gone", name: "still there", wrap: requests(func(_ *exemplar.Server, w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodDelete {
			return false
		}
		w.Header().Set(protocol.HeaderResumable, protocol.Version)
		w.WriteHeader(http.StatusNoContent)
		return true
	})},

	{rule: "concatenation-announced", name: "not announced", wrap: unannounced(protocol.ExtensionConcatenation)},
	{rule: "concatenation-length", name: "one more", wrap: answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		if isFinal(r, a) {
			a.Header().Set(protocol.HeaderUploadLength, "6")
			if a.Header().Get(protocol.HeaderUploadOffset) != "" {
				a.Header().Set(protocol.HeaderUploadOffset, "6")
			}
		}
	})},
	{rule: "concatenation-order", name: "reversed", wrap: requests(func(s *exemplar.Server, _ http.ResponseWriter, r *http.Request) bool {
		if u := s.Upload(r.URL); r.Method == http.MethodGet && u != nil {
			slices.Reverse(u.Parts)
		}
		return false
	})},
	{
		rule: "concatenation-unfinished-announced", name: "not announced",
		wrap: unannounced(protocol.ExtensionConcatenationUnfinished),
	},
	{rule: "concatenation-metadata", name: "transferred", wrap: answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		if isFinal(r, a) {
			a.Header().Set(protocol.HeaderUploadMetadata, "tuskerpart dHVz")
		}
	})},
	{rule: "concatenation-patch", name: "409", wrap: status("PATCH", http.StatusForbidden, http.StatusConflict)},
	{rule: "concatenation-patch", name: "part modified", wrap: func(s *exemplar.Server) wrap {
		return answers(func(r *http.Request, a *httptest.ResponseRecorder) {
			if u := s.Upload(r.URL); a.Code == http.StatusForbidden && u != nil && len(u.Parts) > 0 {
				u.Parts[0].Data = append(u.Parts[0].Data, 'x')
			}
		})(s)
	}},
	{rule: "concatenation-unfinished-offset", name: "0", wrap: answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		if isFinal(r, a) && a.Header().Get(protocol.HeaderUploadOffset) == "" {
			a.Header().Set(protocol.HeaderUploadOffset, "0")
		}
	})},
	{rule: "concatenation-offset", name: "missing", wrap: answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		if isFinal(r, a) {
			a.Header().Del(protocol.HeaderUploadOffset)
		}
	})},
	{rule: "concatenation-partial-offset", name: "missing", wrap: answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		if r.Method == http.MethodHead && a.Header().Get(protocol.HeaderUploadConcat) == "partial" {
			a.Header().Del(protocol.HeaderUploadOffset)
		}
	})},
	{rule: "concatenation-unfinished-length", name: "missing", wrap: answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		if isFinal(r, a) && a.Header().Get(protocol.HeaderUploadOffset) == "" {
			a.Header().Del(protocol.HeaderUploadLength)
		}
	})},
	{rule: "concatenation-header", name: "reworded", wrap: answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		if isFinal(r, a) {
			v := a.Header().Get(protocol.HeaderUploadConcat)
			a.Header().Set(protocol.HeaderUploadConcat, strings.Replace(v, "final;", "final; ", 1))
		}
	})},
}
