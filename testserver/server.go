package testserver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"
)

// TB is the part of [testing.TB] that [New] uses.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// Server is a listening tusd with faults in front of it. [New] and [Start]
// create a Server; the zero value is not usable. All methods are safe for
// concurrent use.
type Server struct {
	cfg    Config
	url    string
	http   *http.Server
	client *http.Client
	certs  *authority // nil without TLS
	store  store
	temp   string // temporary folder that close removes; "": none
	faults queue
	log    requestLog

	cancel   context.CancelFunc
	done     <-chan struct{} // closed by Close
	closing  sync.Once
	mu       sync.Mutex // guards closed, served and the start of handlers
	closed   bool
	served   bool
	handlers sync.WaitGroup
	conns    sync.WaitGroup
	accept   sync.WaitGroup
}

// New starts a server for a test and closes it when the test ends. New fails
// the test if the server cannot start.
func New(tb TB, cfg Config) *Server {
	tb.Helper()
	s, err := Start(cfg)
	if err != nil {
		tb.Fatalf("%v", err)
		return nil
	}
	tb.Cleanup(s.Close)
	return s
}

// Start starts a server, which the caller closes. A Config with both TLS and a
// Network is an error.
func Start(cfg Config) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err == nil && cfg.TLS != nil && cfg.Network != nil {
		err = errors.New("TLS over a Network is not supported")
	}
	if err != nil {
		return nil, fmt.Errorf("testserver: start: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{cfg: cfg, cancel: cancel, done: ctx.Done(), log: requestLog{keep: cfg.KeepRequests}}
	if err := s.start(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("testserver: start: %w", err)
	}
	return s, nil
}

// start starts the server. ctx is the parent of the context of each request.
func (s *Server) start(ctx context.Context) error {
	answers, err := s.answers() //nolint:contextcheck // tusd's file store takes no notice of it.
	if err != nil {
		return err
	}
	h := s.injectFaults(answers)
	if s.cfg.Wrap != nil {
		h = s.cfg.Wrap(h)
	}
	listener, err := s.listen(ctx)
	if err != nil {
		return err
	}
	s.http = &http.Server{
		BaseContext: func(net.Listener) context.Context { return ctx },
		ConnContext: withConn,
		ConnState:   s.connState,
		ErrorLog:    slog.NewLogLogger(s.cfg.Logger.Handler(), slog.LevelDebug),
	}
	if err := s.setTLS(listener.Addr()); err != nil {
		return errors.Join(err, listener.Close())
	}
	s.url = s.baseURL(listener.Addr())
	s.client = s.newClient()
	s.http.Handler = s.withSite(s.logRequests(h))
	s.accept.Go(func() { s.serve(listener) })
	return nil
}

// answers returns Config.Handler, or else tusd, whose store it sets.
func (s *Server) answers() (http.Handler, error) {
	if s.cfg.Handler != nil {
		return s.cfg.Handler, nil
	}
	dir := s.cfg.Dir
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "tusd-*"); err != nil {
			return nil, err
		}
		s.temp = dir
	}
	tusd, store, err := newTusd(dir, s.cfg, s.finished())
	s.store = store
	return tusd, err
}

func (s *Server) serve(l net.Listener) {
	serve := s.http.Serve
	if s.cfg.TLS != nil {
		serve = func(l net.Listener) error { return s.http.ServeTLS(l, "", "") }
	}
	if err := serve(l); !errors.Is(err, http.ErrServerClosed) {
		s.cfg.Logger.Debug("serve", "err", err)
	}
}

func (s *Server) listen(ctx context.Context) (net.Listener, error) {
	if s.cfg.Network != nil {
		return s.cfg.Network.Listen(s.cfg.Addr)
	}
	var lc net.ListenConfig
	return lc.Listen(ctx, "tcp", s.cfg.Addr)
}

// setTLS prepares the certificates. setTLS does nothing without Config.TLS.
func (s *Server) setTLS(addr net.Addr) error {
	if s.cfg.TLS == nil {
		return nil
	}
	certs, err := newAuthority(certHosts(s.cfg.Addr, addr))
	if err != nil {
		return fmt.Errorf("certificates: %w", err)
	}
	s.certs = certs
	config := s.cfg.TLS.Clone()
	if len(config.Certificates) == 0 && config.GetCertificate == nil && config.GetConfigForClient == nil {
		config.Certificates = []tls.Certificate{certs.server}
	}
	if config.ClientAuth >= tls.VerifyClientCertIfGiven && config.ClientCAs == nil {
		config.ClientCAs = certs.pool
	}
	if len(config.NextProtos) > 0 && !slices.Contains(config.NextProtos, "h2") {
		s.http.Protocols = new(http.Protocols)
		s.http.Protocols.SetHTTP1(true)
	}
	s.http.TLSConfig = config
	return nil
}

// baseURL returns the URL of the creation endpoint for clients on this machine.
func (s *Server) baseURL(addr net.Addr) string {
	if s.cfg.Network != nil {
		return "http://" + s.cfg.Addr + s.cfg.BasePath
	}
	scheme := "http://"
	if s.cfg.TLS != nil {
		scheme = "https://"
	}
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return scheme + addr.String() + s.cfg.BasePath
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + net.JoinHostPort(host, port) + s.cfg.BasePath
}

func (s *Server) newClient() *http.Client {
	t := &http.Transport{ForceAttemptHTTP2: true}
	if s.cfg.Network != nil {
		t.DialContext = s.cfg.Network.DialContext
	}
	if s.cfg.TLS != nil {
		t.TLSClientConfig = &tls.Config{RootCAs: s.certs.pool}
		if s.http.TLSConfig.ClientAuth != tls.NoClientCert {
			t.TLSClientConfig.Certificates = []tls.Certificate{s.certs.client}
		}
	}
	return &http.Client{Transport: t}
}

// URL returns the URL of the creation endpoint, such as
// http://127.0.0.1:1234/files/.
func (s *Server) URL() string { return s.url }

// Client returns the server's client, the same at each call. The client trusts
// the authority of the server, presents [Server.ClientCertificate] if the
// server asks for a certificate, and dials over Config.Network. It uses HTTP/2
// if the server does. It ignores proxies of the environment and has no timeout.
// It is not usable after Close.
func (s *Server) Client() *http.Client { return s.client }

// CertPool returns a pool with the authority that signed the certificate of the
// server. The pool does not contain authorities of certificates in Config.TLS.
// nil without TLS.
func (s *Server) CertPool() *x509.CertPool {
	if s.certs == nil {
		return nil
	}
	return s.certs.pool.Clone()
}

// CACertPEM returns the certificate of the authority in CertPool, encoded as
// PEM. nil without TLS.
func (s *Server) CACertPEM() []byte {
	if s.certs == nil {
		return nil
	}
	return slices.Clone(s.certs.caPEM)
}

// ClientCertificate returns a certificate for clients, with its key, signed by
// the authority in [Server.CertPool]. The zero value without TLS.
func (s *Server) ClientCertificate() tls.Certificate {
	if s.certs == nil {
		return tls.Certificate{}
	}
	return s.certs.client
}

// ClientCertificatePEM returns [Server.ClientCertificate] encoded as PEM, for a
// program that reads files. nil without TLS.
func (s *Server) ClientCertificatePEM() (cert, key []byte) {
	if s.certs == nil {
		return nil, nil
	}
	return slices.Clone(s.certs.clientPEM), slices.Clone(s.certs.clientKeyPEM)
}

// Close stops listening, ends all connections and requests, including stalled
// ones, waits for the goroutines of the server, and removes the folder of
// uploads if it is temporary. Close waits for handlers of Config.Wrap and for
// Actions, which have to return when the context of their request ends. A
// second Close does nothing.
func (s *Server) Close() { s.closing.Do(s.close) }

func (s *Server) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	if s.http != nil {
		// The only possible error is that of closing the listener.
		_ = s.http.Close()
	}
	// The connections are closed first. Otherwise tusd would answer that the
	// body ended too early.
	s.cancel()
	s.accept.Wait()
	if s.client != nil {
		s.client.CloseIdleConnections()
	}
	s.handlers.Wait()
	s.conns.Wait()
	if s.served {
		// tusd keeps a goroutine this long after each request.
		time.Sleep(s.cfg.GracefulTimeout)
	}
	if s.temp != "" {
		_ = os.RemoveAll(s.temp)
	}
}

// begin counts a running handler. It returns false if the server is closing.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.served = true
	s.handlers.Add(1)
	return true
}

// connState counts the connections for which net/http runs a goroutine.
func (s *Server) connState(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		// Serve calls this for StateNew, and close waits for Serve before it
		// waits for conns.
		s.conns.Add(1)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.closed {
			// net/http accepted c before it closed the others and may not have
			// known c then.
			resetConn(c)
		}
	case http.StateHijacked, http.StateClosed:
		s.conns.Done()
	}
}
