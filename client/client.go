package client

import (
	"fmt"
	"log/slog"

	"github.com/tusker-go/tusker/client/internal/engine"
	rufhdriver "github.com/tusker-go/tusker/client/internal/rufh"
	"github.com/tusker-go/tusker/client/internal/tus"
	"github.com/tusker-go/tusker/client/internal/wire"
	"github.com/tusker-go/tusker/client/journal"
)

// Client creates and sends uploads. [New] makes one; the zero value cannot be used. It is
// safe for concurrent use. It remembers which URLs belong to which uploads, and nothing else of
// them.
type Client struct {
	conn        *wire.Conn
	endpoint    string // creation URL without user information; "": none
	rules       *engine.Rules
	server      *tus.Server
	speech      *speech
	store       Store
	ledger      Ledger
	trustLedger bool
	keptHeaders []string // of finished uploads
	account     string   // "": none
	recreate    Recreate
	chunkSize   int64
	learning    chan struct{} // holds a value while one of many uploads calls Learn
	inline      int64         // largest upload that is sent along with its creation; -1: none
	checksum    string
	concurrency int
	refuseInUse bool
	once        bool
}

// New checks cfg and returns a Client. It sends no request. The error Is [ErrInvalidURL]
// or [ErrInvalidOption].
func New(cfg Config) (*Client, error) {
	c := &Client{
		store: cfg.Store, ledger: cfg.Ledger, trustLedger: cfg.TrustLedger, keptHeaders: cfg.LedgerHeaders, account: cfg.Account, recreate: cfg.Recreate, chunkSize: cfg.ChunkSize,
		learning: make(chan struct{}, 1), inline: cfg.InlineSize, checksum: cfg.Checksum, concurrency: cfg.Concurrency,
		refuseInUse: cfg.RefuseInUse || cfg.Once, once: cfg.Once,
	}
	if c.concurrency == 0 {
		c.concurrency = DefaultConcurrency
	}
	switch {
	case c.once:
		c.inline = -1 // the URL has to be recorded before the first byte
	case c.inline == 0:
		c.inline = defaultInlineSize
	}
	if c.recreate == 0 {
		c.recreate = RecreateGone
	}
	log := cfg.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	c.rules = rulesOf(cfg, log)
	var err error
	if c.conn, err = connOf(cfg, log); err != nil {
		return nil, err
	}
	c.endpoint = c.conn.Address()
	c.server = &tus.Server{Conn: c.conn}
	c.speech = &speech{rufh: &rufhdriver.Server{Conn: c.conn}, asking: make(chan struct{}, 1)}
	if c.speech.version, c.speech.open, err = parseProtocol(cfg.Protocol); err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	if err := c.validate(cfg); err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	return c, nil
}

func (c *Client) validate(cfg Config) error {
	if c.concurrency < 0 {
		return fmt.Errorf("%w: concurrency %d is negative", ErrInvalidOption, c.concurrency)
	}
	if cfg.RateLimit < 0 {
		return fmt.Errorf("%w: rate limit %d is negative", ErrInvalidOption, cfg.RateLimit)
	}
	if cfg.RateLimit != 0 && cfg.RateLimitAt != nil {
		return fmt.Errorf("%w: RateLimit and RateLimitAt exclude each other", ErrInvalidOption)
	}
	if c.once && (c.store == nil || c.ledger == nil) {
		return fmt.Errorf("%w: Once needs a Store and a Ledger", ErrInvalidOption)
	}
	if err := journal.CheckAccount(c.account); err != nil {
		return err
	}
	if err := c.rules.Limits.Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalidOption, err)
	}
	if err := c.rules.Limits.CheckRequest(c.chunkSize); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalidOption, err)
	}
	if err := tus.CheckChecksum(c.checksum); err != nil {
		return err
	}
	return wire.CheckHeader(c.conn.Header)
}

// CloseIdleConnections closes the connections of Config.Doer that no request uses, if the
// Doer has a method of that name, as the default one and *http.Client have. The Client can
// still be used after that.
func (c *Client) CloseIdleConnections() {
	if d, ok := c.conn.Doer.(interface{ CloseIdleConnections() }); ok {
		d.CloseIdleConnections()
	}
}

// Endpoint returns the creation URL without user information, or "" if none is
// configured.
func (c *Client) Endpoint() string { return c.endpoint }

func (c *Client) creationURL() (string, error) {
	if c.endpoint == "" {
		return "", ErrNoEndpoint
	}
	return c.endpoint, nil
}
