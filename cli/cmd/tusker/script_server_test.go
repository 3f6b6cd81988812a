package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tusker-go/tusker/testserver"
)

type serverKey struct{}

func setup(env *testscript.Env) error {
	holder := &script{work: env.WorkDir}
	env.Values[serverKey{}] = holder
	env.Defer(holder.close)
	// The waits are short, because there is no real network.
	env.Setenv("TUSKER_RETRY_MAX_WAIT", "5ms")
	// Each script has its own records.
	env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, "state"))
	// Each script has its own config file.
	env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "config"))
	// Under the race detector, each process would sleep for a second at its end.
	env.Setenv("GORACE", "atexit_sleep_ms=0")
	if err := protectConfigs(env.WorkDir); err != nil {
		return err
	}
	if err := holder.start(nil); err != nil {
		return err
	}
	env.Setenv("URL", holder.server.URL())
	return nil
}

// protectConfigs removes the permissions of others from the config files of a script. The
// umask of the user may allow them.
func protectConfigs(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		return os.Chmod(path, 0o644) //nolint:gosec // Scripts have warnings about readers, too.
	})
}

// script has the state that the commands of one script share.
type script struct {
	work   string
	server *testserver.Server
	served *background
	held   <-chan struct{} // closed when the held request has arrived
	urls   []string        // ports of all servers so far
}

func of(ts *testscript.TestScript) *script { return ts.Value(serverKey{}).(*script) }

func (s *script) close() {
	if s.served != nil {
		s.served.kill()
	}
	if s.server != nil {
		s.server.Close()
	}
}

// options of the command server.
var options = map[string]func(cfg *testserver.Config, value string) error{
	"tls": func(cfg *testserver.Config, _ string) error {
		cfg.TLS = &tls.Config{}
		return nil
	},
	"mtls": func(cfg *testserver.Config, _ string) error {
		cfg.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert}
		return nil
	},
	"noconcat": func(cfg *testserver.Config, _ string) error {
		cfg.DisableConcatenation = true
		return nil
	},
	"nodefer": func(cfg *testserver.Config, _ string) error {
		cfg.DisableDeferLength = true
		return nil
	},
	"maxsize": func(cfg *testserver.Config, value string) (err error) {
		cfg.MaxSize, err = strconv.ParseInt(value, 10, 64)
		return err
	},
	"authorization": func(cfg *testserver.Config, value string) error {
		cfg.Wrap = func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != value {
					http.Error(w, "who are you?", http.StatusUnauthorized)
					return
				}
				next.ServeHTTP(w, r)
			})
		}
		return nil
	},
}

func (s *script) start(args []string) error {
	cfg := testserver.Config{}
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		option, ok := options[name]
		if !ok {
			return fmt.Errorf("server: no option %q", name)
		}
		if err := option(&cfg, value); err != nil {
			return err
		}
	}
	if s.server != nil {
		s.server.Close()
	}
	if err := s.startElsewhere(cfg); err != nil || cfg.TLS == nil {
		return err
	}
	cert, key := s.server.ClientCertificatePEM()
	for name, pem := range map[string][]byte{"ca.pem": s.server.CACertPEM(), "cert.pem": cert, "key.pem": key} {
		if err := os.WriteFile(filepath.Join(s.work, name), pem, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// startElsewhere gives a server a port that no earlier server had. The records of the
// script for one server must not match another one.
func (s *script) startElsewhere(cfg testserver.Config) error {
	for {
		server, err := testserver.Start(cfg)
		if err != nil {
			return err
		}
		if url := server.URL(); !slices.Contains(s.urls, url) {
			s.server, s.urls = server, append(s.urls, url)
			return nil
		}
		defer server.Close() // keeps the port in use until a server has another one
	}
}

func cmdServer(ts *testscript.TestScript, _ bool, args []string) {
	s := of(ts)
	ts.Check(s.start(args))
	ts.Setenv("URL", s.server.URL())
}

// actions of the command fault. The last argument "always" repeats a fault without end,
// and a number repeats it that often.
var actions = map[string]func(args []string) (testserver.Action, error){
	"status": func(args []string) (testserver.Action, error) {
		code, err := strconv.Atoi(args[0])
		return testserver.Status(code, nil, strings.Join(args[1:], " ")), err
	},
	"sign": func(args []string) (testserver.Action, error) {
		return testserver.RewriteHeader(func(h http.Header) { h.Set("Location", h.Get("Location")+"?sig="+args[0]) }), nil
	},
	"redirect": func(args []string) (testserver.Action, error) {
		return testserver.Status(http.StatusTemporaryRedirect, http.Header{"Location": {args[0]}}, ""), nil
	},
	"retry-after": func(args []string) (testserver.Action, error) {
		code, err := strconv.Atoi(args[0])
		if err != nil {
			return nil, err
		}
		wait, err := time.ParseDuration(args[1])
		return testserver.RetryAfter(code, wait), err
	},
	"deny": func(args []string) (testserver.Action, error) {
		code, err := strconv.Atoi(args[0])
		return deny(code, strings.Join(args[1:], " ")), err
	},
	"reset": func([]string) (testserver.Action, error) { return testserver.Reset(), nil },
	"drop":  func([]string) (testserver.Action, error) { return testserver.DropReply(), nil },
	"stall": func([]string) (testserver.Action, error) { return testserver.Stall(0), nil },
	"cut": func(args []string) (testserver.Action, error) {
		n, err := strconv.ParseInt(args[0], 10, 64)
		return testserver.CutAfter(n), err
	},
	"body-limit": func(args []string) (testserver.Action, error) {
		n, err := strconv.ParseInt(args[0], 10, 64)
		return testserver.BodyLimit(n), err
	},
	// time-limit N: a proxy that buffers bodies, and ends requests with more than N
	// bytes.
	"time-limit": func(args []string) (testserver.Action, error) {
		n, err := strconv.ParseInt(args[0], 10, 64)
		return testserver.ActionFunc(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.ContentLength <= n {
				next.ServeHTTP(w, r)
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			http.Error(w, "<html>gateway time-out</html>", http.StatusGatewayTimeout)
		}), err
	},
	"offset": func(args []string) (testserver.Action, error) { return testserver.OffsetHeader(args[0]), nil },
	"forget": func([]string) (testserver.Action, error) { return testserver.Forget(), nil },
	"header": func(args []string) (testserver.Action, error) {
		return testserver.SetHeader(args[0], strings.Join(args[1:], " ")), nil
	},
	"noheader": func(args []string) (testserver.Action, error) {
		return testserver.RewriteHeader(func(h http.Header) { h.Del(args[0]) }), nil
	},
	// tagged ETAG [N]: the content has that ETag, and the connection is lost after N
	// bytes.
	"tagged": func(args []string) (testserver.Action, error) {
		left := int64(-1)
		if len(args) > 1 {
			var err error
			if left, err = strconv.ParseInt(args[1], 10, 64); err != nil {
				return nil, err
			}
		}
		return testserver.ActionFunc(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if args[0] != "" {
				w.Header().Set("ETag", args[0])
			}
			if left >= 0 {
				w = &lostReply{ResponseWriter: w, left: left}
			}
			next.ServeHTTP(w, r)
		}), nil
	},
	// html [ETAG]: a page that no tus server sent.
	"html": func(args []string) (testserver.Action, error) {
		header := http.Header{"Content-Type": {"text/html"}}
		if len(args) > 0 {
			header.Set("ETag", args[0])
		}
		return testserver.Status(http.StatusOK, header, "<html>"), nil
	},
}

// deny handles the request and answers with an error, like a hook that refuses a finished
// upload.
func deny(code int, words string) testserver.Action {
	return testserver.ActionFunc(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(httptest.NewRecorder(), r)
		w.Header().Set("Tus-Resumable", "1.0.0")
		http.Error(w, words, code)
	})
}

// lostReply forwards the first bytes of the body of an answer, and ends the connection.
type lostReply struct {
	http.ResponseWriter
	left int64
}

func (w *lostReply) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *lostReply) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p[:min(int64(len(p)), w.left)])
	w.left -= int64(n)
	if n < len(p) && err == nil {
		_ = http.NewResponseController(w.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	return n, err
}

func cmdFault(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: fault METHOD ACTION [ARG...] [always]")
	}
	method, name, args := args[0], args[1], args[2:]
	fault := testserver.Fault{Method: method}
	if n := len(args); n > 0 && args[n-1] == "always" {
		fault.Times, args = testserver.Always, args[:n-1]
	}
	action, ok := actions[name]
	if !ok {
		ts.Fatalf("fault: no action %q", name)
	}
	var err error
	fault.Do, err = action(args)
	ts.Check(err)
	of(ts).server.Inject(fault)
}

func cmdStored(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: [!] stored URL FILE")
	}
	got, err := of(ts).server.Bytes(args[0])
	ts.Check(err)
	want, err := os.ReadFile(ts.MkAbs(args[1]))
	ts.Check(err)
	if bytes.Equal(got, want) == neg {
		ts.Fatalf("%s holds %d bytes, %s has %d; the same: %v", args[0], len(got), args[1], len(want), !neg)
	}
}

func cmdRequests(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: requests METHOD NUMBER")
	}
	method := args[0]
	if method == "any" {
		method = ""
	}
	if got := of(ts).server.Count(method); strconv.Itoa(got) != args[1] {
		ts.Fatalf("%d requests with method %s, want %s", got, args[0], args[1])
	}
}

func cmdHeader(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: [!] header METHOD NAME VALUE")
	}
	seen := false
	for _, r := range of(ts).server.Requests() {
		seen = seen || r.Method == args[0] && r.Header.Get(args[1]) == args[2]
	}
	if seen == neg {
		ts.Fatalf("%s with %s: %s seen: %v", args[0], args[1], args[2], seen)
	}
}

func cmdHold(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: hold METHOD")
	}
	s := of(ts)
	s.held = arrival(s.server, args[0])
}

func cmdHeld(ts *testscript.TestScript, _ bool, _ []string) {
	select {
	case <-of(ts).held:
	case <-time.After(patience):
		ts.Fatalf("no request arrived")
	}
}

// arrival is a fault that reports the arrival of a request and delays its answer.
func arrival(server *testserver.Server, method string) <-chan struct{} {
	arrived := make(chan struct{})
	method, kept, partly := strings.Cut(method, "@")
	n, _ := strconv.ParseInt(kept, 10, 64)
	server.Inject(testserver.Fault{
		Method: method,
		Do: testserver.ActionFunc(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if !partly {
				close(arrived)
				<-r.Context().Done()
				return
			}
			r.Body = &stuckBody{ReadCloser: r.Body, ctx: r.Context(), left: n, stuck: sync.OnceFunc(func() { close(arrived) })}
			next.ServeHTTP(w, r)
		}),
	})
	return arrived
}

// stuckBody delivers some bytes of a body, calls stuck, and nothing more until the client is
// gone.
type stuckBody struct {
	io.ReadCloser
	ctx   context.Context //nolint:containedctx // It is that of the request whose body this is.
	left  int64
	stuck func()
}

func (b *stuckBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		b.stuck()
		// The server notices that the client is gone only while it reads.
		if _, err := io.Copy(io.Discard, b.ReadCloser); err != nil {
			return 0, err
		}
		<-b.ctx.Done()
		return 0, io.ErrUnexpectedEOF
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// patience is the time limit of steps that should be immediate.
const patience = 20 * time.Second
