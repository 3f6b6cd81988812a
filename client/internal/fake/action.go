package fake

import (
	"io"
	"net/http"
)

// Action answers one request. next gives the answer that the server gives without an action.
type Action func(w http.ResponseWriter, r *http.Request, next http.Handler)

// On scripts the answers to the next requests of a method, in order, one action
// for each. A nil action leaves its request to the server.
func (s *Server) On(method string, actions ...Action) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range actions {
		if a == nil {
			a = func(w http.ResponseWriter, r *http.Request, next http.Handler) { next.ServeHTTP(w, r) }
		}
		s.script[method] = append(s.script[method], a)
	}
}

// Status answers with a status and a body, after it has read the body of the request. header
// contains names and values in turn.
func Status(code int, body string, header ...string) Action {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.Copy(io.Discard, r.Body)
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

// With changes headers of the server's answer. header contains names and values in turn; an
// empty value removes a header.
func With(header ...string) Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(&headerWriter{ResponseWriter: w, header: header}, r)
	}
}

// Keep lets the server answer as if the body had only its first n bytes.
func Keep(n int64) Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rest := r.Body
		r.Body = io.NopCloser(io.LimitReader(rest, n))
		next.ServeHTTP(&drainFirst{ResponseWriter: w, rest: rest}, r)
	}
}

// Cut keeps n bytes of the body, and closes the connection without an answer.
func Cut(n int64) Action {
	return func(_ http.ResponseWriter, r *http.Request, next http.Handler) {
		r.Body = io.NopCloser(io.LimitReader(r.Body, n))
		next.ServeHTTP(&discard{header: http.Header{}}, r)
		panic(http.ErrAbortHandler)
	}
}

// Damage lets the server answer as if the first byte of the body had another value.
func Damage(w http.ResponseWriter, r *http.Request, next http.Handler) {
	r.Body = &damagedBody{ReadCloser: r.Body}
	next.ServeHTTP(w, r)
}

type damagedBody struct {
	io.ReadCloser
	done bool
}

func (b *damagedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 && !b.done {
		p[0]++
		b.done = true
	}
	return n, err
}

// Lose handles the request completely, and closes the connection without an answer.
func Lose(_ http.ResponseWriter, r *http.Request, next http.Handler) {
	next.ServeHTTP(&discard{header: http.Header{}}, r)
	panic(http.ErrAbortHandler)
}

// Hang reads n bytes of the body, keeps none and never answers.
func (s *Server) Hang(n int64) Action {
	return func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.CopyN(io.Discard, r.Body, n)
		select {
		case <-s.closed:
		case <-r.Context().Done():
		}
		panic(http.ErrAbortHandler)
	}
}

// headerWriter changes the headers just before they are written.
type headerWriter struct {
	http.ResponseWriter
	header []string
}

func (w *headerWriter) WriteHeader(code int) {
	for i := 0; i+1 < len(w.header); i += 2 {
		if w.header[i+1] == "" {
			w.Header().Del(w.header[i])
		} else {
			w.Header().Set(w.header[i], w.header[i+1])
		}
	}
	w.ResponseWriter.WriteHeader(code)
}

// drainFirst reads the rest of the request before the answer.
type drainFirst struct {
	http.ResponseWriter
	rest io.Reader
}

func (w *drainFirst) WriteHeader(code int) {
	_, _ = io.Copy(io.Discard, w.rest)
	w.ResponseWriter.WriteHeader(code)
}

type discard struct{ header http.Header }

func (w *discard) Header() http.Header         { return w.header }
func (w *discard) Write(p []byte) (int, error) { return len(p), nil }
func (w *discard) WriteHeader(int)             {}
