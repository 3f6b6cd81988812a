// Package logs builds the logger of the program: zap behind log/slog.
package logs

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"log/slog"

	"go.uber.org/zap/exp/zapslog"
	"go.uber.org/zap/zapcore"

	"github.com/tusker-go/tusker/cli/internal/output"
)

// Name is the logger name in every record.
const Name = "tusker"

// The formats of records.
const (
	Console = "console"
	JSON    = "json"
)

// New returns a logger that writes records of at least level to w in one of the
// formats. W must be safe for concurrent use.
func New(w io.Writer, format string, level slog.Level) (*slog.Logger, error) {
	return newLogger(w, format, zapcore.TimeEncoderOfLayout("15:04:05"), level)
}

// NewFile is New for a file that is kept: its records have dates in each format.
func NewFile(w io.Writer, format string, level slog.Level) (*slog.Logger, error) {
	return newLogger(w, format, zapcore.RFC3339NanoTimeEncoder, level)
}

// newLogger returns a logger whose records for people have such times.
func newLogger(w io.Writer, format string, times zapcore.TimeEncoder, level slog.Level) (*slog.Logger, error) {
	encoder, err := newEncoder(format, times)
	if err != nil {
		return nil, err
	}
	core := zapcore.NewCore(encoder, zapcore.AddSync(plain{w}), zapLevel(level))
	return slog.New(withBytes{zapslog.NewHandler(core,
		zapslog.WithName(Name),
		// A stack trace does not explain an error of the network.
		zapslog.AddStacktraceAt(slog.LevelError+1),
	)}), nil
}

// Redirect turns each line that is written to from into a record of to, at debug
// level. Packages with their own log report only problems there that the program
// handles anyway.
func Redirect(from *log.Logger, to *slog.Logger) {
	from.SetFlags(0)
	from.SetPrefix("")
	from.SetOutput(lineWriter{to})
}

// lineWriter makes a record of each line. The text of the line is a field, so that
// it is encoded: it may contain bytes from a server.
type lineWriter struct{ log *slog.Logger }

func (w lineWriter) Write(line []byte) (int, error) {
	w.log.Debug("said by a package", "text", string(bytes.TrimSpace(line)))
	return len(line), nil
}

// plain writes records in a form that is safe to show: texts in a record are JSON.
type plain struct{ w io.Writer }

func (p plain) Write(record []byte) (int, error) {
	if _, err := p.w.Write(output.Plain(record)); err != nil {
		return 0, err
	}
	return len(record), nil
}

func newEncoder(format string, times zapcore.TimeEncoder) (zapcore.Encoder, error) {
	config := zapcore.EncoderConfig{
		TimeKey:          "time",
		LevelKey:         "level",
		NameKey:          "logger",
		MessageKey:       "msg",
		EncodeLevel:      zapcore.LowercaseLevelEncoder,
		EncodeTime:       zapcore.RFC3339NanoTimeEncoder,
		EncodeDuration:   zapcore.StringDurationEncoder,
		EncodeName:       zapcore.FullNameEncoder,
		ConsoleSeparator: " ",
	}
	switch format {
	case JSON:
		return zapcore.NewJSONEncoder(config), nil
	case Console:
		config.EncodeTime = times
		return zapcore.NewConsoleEncoder(config), nil
	}
	return nil, fmt.Errorf("log format %q is neither %s nor %s", format, Console, JSON)
}

func zapLevel(level slog.Level) zapcore.Level {
	switch {
	case level >= slog.LevelError:
		return zapcore.ErrorLevel
	case level >= slog.LevelWarn:
		return zapcore.WarnLevel
	case level >= slog.LevelInfo:
		return zapcore.InfoLevel
	}
	return zapcore.DebugLevel
}
