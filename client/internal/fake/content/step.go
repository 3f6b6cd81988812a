package content

import (
	"io"
	"net/http"
	"strconv"
)

// HeadOffset answers HEAD for an upload that has offset of length bytes.
func HeadOffset(offset, length int) http.HandlerFunc {
	return headWith(offset, length, "filename YS5iaW4=")
}

// HeadPage answers HEAD like a server that has a complete upload with the name index.html.
func HeadPage(length int) http.HandlerFunc {
	return headWith(length, length, "filename aW5kZXguaHRtbA==")
}

func headWith(offset, length int, metadata string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Tus-Resumable", "1.0.0")
		w.Header().Set("Upload-Offset", strconv.Itoa(offset))
		w.Header().Set("Upload-Length", strconv.Itoa(length))
		w.Header().Set("Upload-Metadata", metadata)
		w.WriteHeader(http.StatusOK)
	}
}

// HeadStatus answers HEAD with a status and no headers.
func HeadStatus(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// Status answers with a status and a body. header contains names and values in turn.
func Status(code int, body string, header ...string) Step {
	return func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		setHeader(w, header)
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

// Cut closes the connection after n bytes of the body.
func Cut(n int) Step {
	return func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
		next(&cutWriter{ResponseWriter: w, left: n, end: func() {}}, r)
	}
}

// Hang sends n bytes of the body, and then nothing until the client closes the connection.
func Hang(n int) Step {
	return func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
		next(&cutWriter{ResponseWriter: w, left: n, end: func() { <-r.Context().Done() }}, r)
	}
}

// cutWriter passes left bytes on, calls end, and closes the connection.
type cutWriter struct {
	http.ResponseWriter
	left int
	end  func()
}

func (w *cutWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p[:min(len(p), w.left)])
	w.left -= n
	if n < len(p) && err == nil {
		_ = http.NewResponseController(w.ResponseWriter).Flush()
		w.end()
		panic(http.ErrAbortHandler)
	}
	return n, err
}

// IgnoreRange answers with the whole content, although the request has a Range.
func IgnoreRange(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
	r.Header.Del("Range")
	next(w, r)
}

// Chunks sends texts in the chunked encoding, without a Content-Length.
func Chunks(texts ...string) Step { return ChunksWithHeader(nil, texts...) }

// ChunksWithHeader is [Chunks] with a header of names and values in turn.
func ChunksWithHeader(header []string, texts ...string) Step {
	return func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		setHeader(w, header)
		for _, text := range texts {
			_, _ = io.WriteString(w, text)
			_ = http.NewResponseController(w).Flush()
		}
	}
}

// CutChunks sends text as [ChunksWithHeader] does, and closes the connection before the
// chunk that ends the body.
func CutChunks(text string, header ...string) Step {
	return func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
		ChunksWithHeader(header, text)(w, r, next)
		panic(http.ErrAbortHandler)
	}
}

// setHeader sets headers, given as names and values in turn.
func setHeader(w http.ResponseWriter, header []string) {
	for i := 0; i+1 < len(header); i += 2 {
		w.Header().Set(header[i], header[i+1])
	}
}
