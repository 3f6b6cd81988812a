package demo_test

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/tusker-go/tusker/cli/internal/demo"
	"github.com/tusker-go/tusker/cli/internal/exit"
	"github.com/tusker-go/tusker/cli/internal/output"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run runs the demo with an empty folder for temporary files, and checks that the folder
// is empty afterwards.
func run(ctx context.Context, t *testing.T, cfg demo.Config) (story string, err error) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	var b strings.Builder
	cfg.Out, cfg.Logger = output.NewPrinter(&b, nil), slog.New(slog.DiscardHandler)
	err = demo.Run(ctx, cfg)
	left, readErr := os.ReadDir(dir)
	if readErr != nil {
		t.Fatal(readErr)
	}
	if len(left) > 0 {
		t.Errorf("files left in the temporary folder: %v, want none", left)
	}
	return b.String(), err
}

func TestRun(t *testing.T) {
	story, err := run(t.Context(), t, demo.Config{Size: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"source      1048576 bytes (1 MiB) made on the spot\n",
		"cut         the connection, after 524288 bytes (512 KiB), half way\n",
		"asked       the server has 524288 bytes (512 KiB): resumed from there\n",
		"identical\n",
	} {
		if !strings.Contains(story, want) {
			t.Errorf("the output lacks %q:\n%s", want, story)
		}
	}
}

// The demo fails if the server has other bytes than the file.
func TestRunSeesOtherBytes(t *testing.T) {
	story, err := run(t.Context(), t, demo.Config{Size: 1000, Spoil: func(path string) error {
		return os.Truncate(path, 999)
	}})
	if exit.Code(err) != exit.Integrity {
		t.Errorf("error %v, want an integrity error", err)
	}
	if strings.Contains(story, "identical") {
		t.Errorf("the output says that the bytes are identical:\n%s", story)
	}
}

func TestRunInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	_, err := run(ctx, t, demo.Config{Size: 1000, Spoil: func(string) error {
		cancel(exit.ErrInterrupted)
		return nil
	}})
	if exit.Code(err) != exit.Interrupted {
		t.Errorf("error %v, want interrupted", err)
	}
}

// An interrupted demo says how much its server has, as upload does.
func TestRunInterruptedWhileSending(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	t.Setenv("TMPDIR", t.TempDir())
	out := output.NewPrinter(writerFunc(func(b []byte) (int, error) {
		if strings.HasPrefix(string(b), "cut ") {
			cancel(exit.ErrInterrupted)
		}
		return len(b), nil
	}), nil)
	err := demo.Run(ctx, demo.Config{Size: 1 << 20, Out: out, Logger: slog.New(slog.DiscardHandler)})
	if want := "interrupted, 512 KiB of 1 MiB acknowledged by the server"; err == nil || err.Error() != want || exit.Code(err) != exit.Interrupted {
		t.Errorf("error %v, want %q", err, want)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
