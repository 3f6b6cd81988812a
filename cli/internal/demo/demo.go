// Package demo shows an upload that survives a broken connection, and prints a few lines
// about it.
package demo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/testserver"
)

// DefaultSize is the size of the file that is created if the user names none.
const DefaultSize = 64 << 20

// Config has the settings of the demo.
type Config struct {
	// File is the file to upload. "": a new temporary file.
	File string
	// Size is the size of the temporary file. 0: DefaultSize.
	Size int64
	// Out gets the output.
	Out *output.Printer
	// Logger gets the log records of the client and the server.
	Logger *slog.Logger
	// Spoil is called with the path of the stored bytes before they are compared. nil: no
	// call.
	Spoil func(path string) error
}

// Run uploads the file, breaks the connection, and compares the bytes. It removes its
// temporary files before it returns. The exit code of its error is exit.Integrity if the
// bytes differ.
func Run(ctx context.Context, cfg Config) (err error) {
	dir, err := os.MkdirTemp("", "tusker-demo-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	file, made := cfg.File, ""
	if file == "" {
		file, made = filepath.Join(dir, "source"), " made on the spot"
		if cfg.Size == 0 {
			cfg.Size = DefaultSize
		}
		if err := makeFile(ctx, file, cfg.Size); err != nil {
			return err
		}
	}
	source, err := client.Path(file)
	if err != nil {
		return err
	}
	server, err := testserver.Start(testserver.Config{ //nolint:contextcheck // The server ends by Close.
		Dir: filepath.Join(dir, "uploads"), Logger: cfg.Logger,
	})
	if err != nil {
		return err
	}
	defer server.Close()

	size, _ := source.Length().Int64()
	cfg.Out.Line("server      %s, a tusd in this process", server.URL())
	if made != "" {
		cfg.Out.Line("source      %s%s", count(size), made)
	} else {
		cfg.Out.Line("source      %s, %s", output.Escape(file), count(size))
	}
	cuts := size > 1
	if cuts {
		server.Inject(testserver.Fault{Method: http.MethodPatch, Do: testserver.CutAfter(size / 2)})
	} else {
		cfg.Out.Line("cut         nothing: %s cannot be cut in half", count(size))
	}

	began := time.Now()
	result, err := upload(ctx, cfg, server, source)
	if err != nil {
		return err
	}
	took := time.Since(began)
	if len(server.Pending()) > 0 {
		return errors.New("the connection was never cut")
	}
	if cuts {
		cfg.Out.Line("asked       the server has %s: resumed from there", count(secondOffset(server)))
	}
	twice := max(0, result.Sent-size)
	share := ""
	if size > 0 {
		share = fmt.Sprintf(" (%.1f%%)", float64(twice)/float64(size)*100)
	}
	cfg.Out.Line("sent twice  %s%s", count(twice), share)
	cfg.Out.Line("took        %v", took.Round(time.Millisecond))
	return compare(ctx, cfg, file, server, result.URL)
}

// upload uses the library like any other program.
func upload(ctx context.Context, cfg Config, server *testserver.Server, source client.Source) (*client.Result, error) {
	c, err := client.New(client.Config{Endpoint: server.URL(), Logger: cfg.Logger})
	if err != nil {
		return nil, err
	}
	result, err := c.Upload(ctx, source, &client.UploadOptions{OnEvent: func(e client.Event) {
		if e.Kind != client.EventRetry {
			return
		}
		for _, r := range server.Requests() {
			if r.Fault != "" {
				cfg.Out.Line("cut         the connection, after %s, half way", count(r.BodyBytes))
			}
		}
		cfg.Out.Line("seen        %s", output.OneLine(output.ErrorText(e.Err)))
	}})
	return result, advice.Stopped(result, err)
}

// secondOffset returns the offset of the request after the cut.
func secondOffset(server *testserver.Server) int64 {
	cut := false
	for _, r := range server.Requests() {
		if cut && r.Method == http.MethodPatch {
			return r.Offset
		}
		cut = cut || r.Fault != ""
	}
	return 0
}

func compare(ctx context.Context, cfg Config, file string, server *testserver.Server, url string) error {
	path, err := server.Path(url) //nolint:contextcheck // It looks at a name.
	if err != nil {
		return err
	}
	if cfg.Spoil != nil {
		if err := cfg.Spoil(path); err != nil {
			return err
		}
	}
	sent, err := hashFile(ctx, file)
	if err != nil {
		return err
	}
	arrived, err := hashFile(ctx, path)
	if err != nil {
		return err
	}
	cfg.Out.Line("sha-256     %s  source", sent)
	cfg.Out.Line("            %s  server", arrived)
	if sent != arrived {
		return exit.With(exit.Integrity, errors.New("the server holds other bytes than the source"))
	}
	cfg.Out.Line("identical")
	return nil
}

func hashFile(ctx context.Context, name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, until(ctx, f)); err != nil {
		return "", fmt.Errorf("sha-256 of %s: %w", name, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func count(n int64) string {
	if n == 1 {
		return "1 byte"
	}
	if n < 1024 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%d bytes (%s)", n, units.FormatSize(n))
}
