package app

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/mediatype"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// stdin is the FILE argument for standard input.
const stdin = "-"

var errStdinTwice = errors.New("standard input (-) can be read only once")

// streams holds the flags for sources that can be read only once.
type streams struct {
	window, size, spool units.Size
}

// defaultSpool is the default of --spool.
const defaultSpool = 1 << 30

func (s *streams) register(cmd *cobra.Command) {
	s.window = client.DefaultWindow
	cmd.Flags().Var(&s.window, "stream-window", "how much of standard input, a pipe or a device is kept in memory to be sent again")
	cmd.Flags().Var(&s.size, "size", "its `size` where that is known beforehand, for servers that have to know it")
	s.spool = defaultSpool
	cmd.Flags().Var(&s.spool, "spool", "how much of it goes to a temporary file first, where the server has to know the size and --size is not given; 0 is nothing")
}

// check finds flags that do not fit these files.
func (s *streams) check(cmd *cobra.Command, files []string, in io.Reader) error {
	given := cmd.Flags().Changed("size")
	stdins, others := 0, 0
	for _, file := range files {
		switch {
		case file == stdin:
			stdins++
		case given && isStream(file): // There may be very many.
			others++
		}
	}
	switch {
	case s.window <= 0:
		return errors.New("--stream-window is not above 0")
	case stdins > 1:
		return errStdinTwice
	case stdins > 0 && isTerminal(in):
		return errTerminal
	case given && stdins+others == 0:
		return errors.New("--size is for standard input, a pipe or a device: files know their size")
	case given && stdins+others > 1:
		return errors.New("--size is for one stream only")
	}
	return nil
}

// options returns how the stream called name is read.
func (s *streams) options(cmd *cobra.Command, name string) *client.StreamOptions {
	options := &client.StreamOptions{Name: name, Window: int64(s.window), Spool: int64(s.spool)}
	if cmd.Flags().Changed("size") {
		options.Length = protocol.Known(int64(s.size))
	}
	return options
}

// source returns the source that file names.
func (a *app) source(cmd *cobra.Command, s *streams, file string) (client.Source, error) {
	options := s.options(cmd, file)
	if file == stdin {
		if f, ok := regularStdin(a.in); ok {
			return client.File(f)
		}
		if f, ok := a.in.(*os.File); ok {
			widen(f)
		}
		return client.Stream(a.in, options), nil
	}
	// Most names are regular files. Others are checked a second time.
	source, err := client.Path(file)
	if err != nil && isStream(file) {
		return client.Stream(&lazyFile{name: file}, options), nil
	}
	return source, err
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

func (a *app) stdinIsFile() bool {
	if a.isPiped {
		return false
	}
	_, ok := regularStdin(a.in)
	return ok
}

// isStream reports whether file is a pipe or a device.
func isStream(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode()&(os.ModeNamedPipe|os.ModeDevice|os.ModeCharDevice) != 0
}

// lazyFile is a file that the first Read opens and the last Read closes: a pipe can
// be opened only when there is a writer.
type lazyFile struct {
	name string
	f    *os.File
}

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

// parseMetadata reads key[=value] pairs.
func parseMetadata(pairs []string) (protocol.Metadata, error) {
	metadata := make(protocol.Metadata)
	for _, pair := range pairs {
		key, value, _ := strings.Cut(pair, "=")
		if _, ok := metadata[key]; ok {
			return nil, fmt.Errorf("metadata key %q is given twice", key)
		}
		metadata[key] = value
	}
	return metadata, metadata.Validate()
}

// defaultMetadata returns the metadata that follow from the name of a file.
func defaultMetadata(file string) protocol.Metadata {
	metadata := make(protocol.Metadata)
	// The names of open pipes, such as /dev/fd/63, have no meaning. Entries of
	// /dev/shm are regular files.
	if file == stdin || strings.HasPrefix(file, "/dev/") && !strings.HasPrefix(file, "/dev/shm/") && isStream(file) {
		return metadata
	}
	metadata["filename"] = filepath.Base(file)
	if mediaType := mediatype.ByName(file); mediaType != "" {
		metadata["mime_type"] = mediaType
		metadata["filetype"] = mediaType
	}
	return metadata
}

func isDirectory(err error) bool {
	return errors.Is(err, client.ErrSource) && strings.HasSuffix(err.Error(), " is a directory")
}
