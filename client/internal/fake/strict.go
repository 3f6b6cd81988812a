package fake

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/tusker-go/tusker/protocol"
)

// allowed lists the headers of tus that a request of each method may have.
var allowed = map[string][]string{
	http.MethodOptions: {},
	http.MethodPost: {
		protocol.HeaderResumable, protocol.HeaderUploadLength, protocol.HeaderUploadDeferLength,
		protocol.HeaderUploadMetadata, protocol.HeaderUploadConcat,
	},
	http.MethodHead:   {protocol.HeaderResumable},
	http.MethodPatch:  {protocol.HeaderResumable, protocol.HeaderUploadOffset, protocol.HeaderUploadLength},
	http.MethodDelete: {protocol.HeaderResumable},
	http.MethodGet:    {},
}

// flaws describes how a request breaks tus 1.0.0, or differs from requests that this module
// should send. It does not check headers against the state of the upload.
func (s *Server) flaws(r *http.Request) []string {
	var flaws []string
	flaw := func(format string, args ...any) { flaws = append(flaws, fmt.Sprintf(format, args...)) }

	names, ok := allowed[r.Method]
	if !ok {
		flaw("method %s", r.Method)
		return flaws
	}
	may := make(map[string]bool)
	for _, name := range names {
		may[name] = true
	}
	may[protocol.HeaderUploadChecksum] = r.Method == http.MethodPatch && s.has(protocol.ExtensionChecksum)
	for _, name := range []string{
		protocol.HeaderResumable, protocol.HeaderUploadLength, protocol.HeaderUploadDeferLength,
		protocol.HeaderUploadMetadata, protocol.HeaderUploadConcat, protocol.HeaderUploadOffset,
		protocol.HeaderUploadChecksum, protocol.HeaderUploadExpires, protocol.HeaderVersion,
	} {
		switch values := r.Header.Values(name); {
		case len(values) > 0 && !may[name]:
			flaw("has %s", name)
		case len(values) > 1:
			flaw("has %s more than once", name)
		}
	}
	if v := r.Header.Get(protocol.HeaderResumable); may[protocol.HeaderResumable] && v != protocol.Version {
		flaw("Tus-Resumable is %q", v)
	}
	switch r.Method {
	case http.MethodPatch:
		s.flawsOfPatch(r, flaw)
	case http.MethodPost:
		s.flawsOfPost(r, flaw)
	default:
		if r.ContentLength != 0 {
			flaw("has a body")
		}
	}
	return flaws
}

func (s *Server) flawsOfPatch(r *http.Request, flaw func(string, ...any)) {
	if v := r.Header.Values(protocol.HeaderContentType); len(v) != 1 || v[0] != protocol.ContentType {
		flaw("Content-Type is %q", v)
	}
	if v := r.Header.Get(protocol.HeaderUploadOffset); !isNumber(v) {
		flaw("Upload-Offset is %q", v)
	}
	if v := r.Header.Get(protocol.HeaderUploadLength); v != "" && !isNumber(v) {
		flaw("Upload-Length is %q", v)
	}
	_, trailer := r.Trailer[protocol.HeaderUploadChecksum]
	switch {
	case trailer && !s.has(protocol.ExtensionChecksumTrailer):
		flaw("has a trailer")
	case trailer && r.Header.Get(protocol.HeaderUploadChecksum) != "":
		flaw("has a checksum before its body and one behind")
	case r.ContentLength < 0 && !trailer:
		flaw("does not say how long its body is")
	}
}

func (s *Server) flawsOfPost(r *http.Request, flaw func(string, ...any)) {
	if r.ContentLength != 0 || r.Header.Get(protocol.HeaderContentType) != "" {
		s.flawsOfPostBody(r, flaw)
	}
	length := r.Header.Get(protocol.HeaderUploadLength)
	deferred := r.Header.Get(protocol.HeaderUploadDeferLength)
	concat, err := protocol.ParseConcat(r.Header.Get(protocol.HeaderUploadConcat))
	if err != nil {
		flaw("Upload-Concat: %v", err)
	}
	switch {
	case concat.Kind == protocol.ConcatFinal && (length != "" || deferred != ""):
		flaw("a final upload with a length")
	case concat.Kind == protocol.ConcatFinal:
	case length != "" && deferred != "":
		flaw("has both a length and none")
	case length != "" && !isNumber(length):
		flaw("Upload-Length is %q", length)
	case length == "" && deferred != "1":
		flaw("Upload-Defer-Length is %q", deferred)
	}
	value := r.Header.Get(protocol.HeaderUploadMetadata)
	metadata, err := protocol.ParseMetadata(value)
	if err != nil {
		flaw("Upload-Metadata: %v", err)
		return
	}
	if again, err := metadata.Encode(); err != nil || again != value {
		flaw("Upload-Metadata is %q", value)
	}
}

// flawsOfPostBody checks a POST with bytes (tus 1.0.0, Creation With Upload).
func (s *Server) flawsOfPostBody(r *http.Request, flaw func(string, ...any)) {
	if !s.has(protocol.ExtensionCreationWithUpload) {
		flaw("has a body")
		return
	}
	if v := r.Header.Values(protocol.HeaderContentType); len(v) != 1 || v[0] != protocol.ContentType {
		flaw("Content-Type is %q", v)
	}
	if r.ContentLength < 0 {
		flaw("does not say how long its body is")
	}
	if c, _ := protocol.ParseConcat(r.Header.Get(protocol.HeaderUploadConcat)); c.Kind == protocol.ConcatFinal {
		flaw("a final upload with a body")
	}
}

// isNumber reports whether s has digits only, as the specification requires.
func isNumber(s string) bool {
	n, err := strconv.ParseInt(s, 10, 64)
	return err == nil && n >= 0 && strconv.FormatInt(n, 10) == s
}
