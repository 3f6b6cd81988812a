package flags

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/protocol"
)

var errStdinTwice = errors.New("standard input (-) can be read only once")

// Streams holds the flags for sources that can be read only once.
type Streams struct {
	window, size, spool units.Size

	// Command is a shell command that prints the bytes of FILE -. "": they come from
	// standard input.
	Command string

	refuseEmpty bool // a stream without bytes is an error
}

// defaultSpool is the default of --spool.
const defaultSpool = 1 << 30

func (s *Streams) registerStreams(cmd *cobra.Command) {
	s.window = client.DefaultWindow
	cmd.Flags().Var(&s.window, "stream-window", "keep this many bytes of a stream in memory for retries")
	cmd.Flags().Var(&s.size, "size", "the `size` of the stream, if you know it, for servers that need it first")
	s.spool = defaultSpool
	cmd.Flags().Var(&s.spool, "spool", "copy a stream of at most this size to a temporary file, if the server needs the size first and --size is not set; 0 for none")
}

// checkStreams finds flags that do not fit these files.
func (s *Streams) checkStreams(cmd *cobra.Command, files []string, in io.Reader) error {
	given := cmd.Flags().Changed("size")
	stdins, others := 0, 0
	for _, file := range files {
		switch {
		case file == usage.Stdin:
			stdins++
		case given && IsStream(file): // There may be very many.
			others++
		}
	}
	switch {
	case s.window <= 0:
		return errors.New("--stream-window is not above 0")
	case stdins > 1:
		return errStdinTwice
	case stdins > 0 && s.Command == "" && IsTerminal(in):
		return ErrTerminal
	case given && stdins+others == 0:
		return errors.New("--size is for standard input, a pipe or a device: files know their size")
	case given && stdins+others > 1:
		return errors.New("--size is for one stream only")
	}
	return nil
}

// options returns how the stream called name is read.
func (s *Streams) options(cmd *cobra.Command, name string) *client.StreamOptions {
	options := &client.StreamOptions{Name: name, Window: int64(s.window), Spool: int64(s.spool)}
	if cmd.Flags().Changed("size") {
		options.Length = protocol.Known(int64(s.size))
	}
	return options
}

// Source returns the source that file names. Paths opens regular files.
func (s *Streams) Source(ctx context.Context, con *console.Console, cmd *cobra.Command, file string, paths *source.Paths) (client.Source, error) {
	options := s.options(cmd, file)
	switch {
	case file == usage.Stdin && s.Command != "":
		return s.stream(newCommandReader(ctx, s.Command, con.Err), options), nil
	case file == usage.Stdin:
		if f, ok := regularStdin(con.In); ok {
			return client.File(f)
		}
		if f, ok := con.In.(*os.File); ok {
			widen(f)
		}
		return s.stream(con.In, options), nil
	}
	// Most names are regular files. Others are checked a second time.
	src, err := paths.Path(file)
	if err != nil && IsStream(file) {
		return s.stream(NewLazyFile(file), options), nil
	}
	return src, err
}

func (s *Streams) stream(r io.Reader, options *client.StreamOptions) client.Source {
	if s.refuseEmpty {
		r = &nonEmptyReader{Reader: r}
	}
	return client.Stream(r, options)
}

// regularStdin reports whether standard input is at the beginning of a regular file,
// which can be read again. A file of size 0 may still have bytes, as in /proc: it
// is read as a stream.
func regularStdin(in io.Reader) (*os.File, bool) {
	f, ok := in.(*os.File)
	if !ok {
		return nil, false
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return nil, false
	}
	at, err := f.Seek(0, io.SeekCurrent)
	return f, err == nil && at == 0
}

// stdinIsFile reports whether FILE - is a file that can be read again.
func (s *Streams) stdinIsFile(in io.Reader) bool {
	if s.Command != "" {
		return false
	}
	_, ok := regularStdin(in)
	return ok
}

// IsStream reports whether file is a pipe or a device.
func IsStream(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode()&(os.ModeNamedPipe|os.ModeDevice|os.ModeCharDevice) != 0
}

// lazyFile is a file that the first Read opens and the last Read closes: a pipe can
// be opened only when there is a writer.
type lazyFile struct {
	name string
	f    *os.File
}

// NewLazyFile returns a reader of the file that the first Read opens.
func NewLazyFile(name string) io.Reader { return &lazyFile{name: name} }

// Read implements io.Reader.
func (l *lazyFile) Read(p []byte) (int, error) {
	if l.f == nil {
		f, err := os.Open(l.name)
		if err != nil {
			return 0, err
		}
		l.f = f
		widen(f)
	}
	n, err := l.f.Read(p)
	if err != nil {
		_ = l.f.Close()
	}
	return n, err
}

// IsLost reports whether the bytes of file are gone when the program ends: it is
// standard input, a pipe or a device, and not a file that can be read again.
func (s *Streams) IsLost(in io.Reader, file string) bool {
	if file == usage.Stdin {
		return !s.stdinIsFile(in)
	}
	return IsStream(file)
}

// ErrTerminal is for people who have forgotten something.
var ErrTerminal = errors.New("standard input is a terminal: pipe something into it")

// IsTerminal reports whether people type what is read from in.
func IsTerminal(in io.Reader) bool {
	f, ok := in.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
