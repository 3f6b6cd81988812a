// Package manifest is the list of the files that uploads have sent, with their size, SHA-256,
// URL and time. The list is a text file that grows while files are sent.
//
// The first line of the file is Head. Each other line is an Entry in JSON. A line that a crash
// cut off counts as missing.
package manifest

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"sync"
	"time"

	"github.com/tusker-go/tusker/cli/internal/output"
)

// Head is the first line of a manifest.
const Head = `{"tusker_manifest":1}`

// Stdin is the name of standard input in an entry.
const Stdin = "-"

// Entry is a file that was sent.
type Entry struct {
	// File is the name under which the file was found. It may have any bytes.
	File string
	// Size is the length in bytes.
	Size int64
	// SHA256 is that of the bytes that were sent.
	SHA256 []byte
	// URL is that of the upload.
	URL string
	// Time is when the entry was made.
	Time time.Time
}

// entryJSON is an entry as it is encoded. Other programs read these names.
type entryJSON struct {
	File   string    `json:"file"`
	Bytes  []byte    `json:"file_bytes,omitempty"` // of a name that is not UTF-8
	Size   int64     `json:"size"`
	SHA256 string    `json:"sha256,omitempty"`
	URL    string    `json:"url"`
	Time   time.Time `json:"time"`
}

// Line returns the line of an entry, without a line break.
func (e Entry) Line() []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	// Strings, numbers and times always have a form in JSON.
	_ = enc.Encode(entryJSON{e.File, output.Bytes(e.File), e.Size, hex.EncodeToString(e.SHA256), e.URL, e.Time.UTC()})
	return output.Plain(bytes.TrimSuffix(b.Bytes(), []byte{'\n'}))
}

var errNoEntry = errors.New("not an entry of a manifest")

// Parse reads the line of an entry. Unknown names are ignored.
func Parse(line []byte) (Entry, error) {
	var in entryJSON
	if err := json.Unmarshal(line, &in); err != nil {
		return Entry{}, fmt.Errorf("%w: %w", errNoEntry, err)
	}
	sum, err := hex.DecodeString(in.SHA256)
	if err != nil {
		return Entry{}, fmt.Errorf("%w: sha256: %w", errNoEntry, err)
	}
	if in.Bytes != nil {
		in.File = string(in.Bytes)
	}
	if in.File == "" || in.Size < 0 {
		return Entry{}, errNoEntry
	}
	if len(sum) == 0 {
		sum = nil
	}
	return Entry{in.File, in.Size, sum, in.URL, in.Time.UTC()}, nil
}

// Writer adds entries to a file. Open makes one; the zero value cannot be used. It is safe for
// concurrent use, and several processes may write to the same file.
type Writer struct {
	seed  maphash.Seed
	known map[uint64]struct{} // file and URL of the entries that the file had

	mu sync.Mutex
	f  *os.File
}

// ErrOther means that a file has another content than a manifest, so nothing is added.
var ErrOther = errors.New("it exists and is not a manifest")

// Open opens the manifest at a path, or creates it. The caller closes it.
func Open(path string) (*Writer, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600) //nolint:gosec // The user names the file.
	if err != nil {
		return nil, err
	}
	w := &Writer{seed: maphash.MakeSeed(), known: make(map[uint64]struct{}), f: f}
	if err := w.begin(); err != nil {
		return nil, errors.Join(&os.PathError{Op: "open", Path: path, Err: err}, f.Close())
	}
	return w, nil
}

// begin reads the entries of the file and makes sure that the next line is one of its own.
func (w *Writer) begin() error {
	info, err := w.f.Stat()
	if err != nil {
		return err
	}
	if info.Mode().IsRegular() && info.Size() > 0 {
		return w.load(io.NewSectionReader(w.f, 0, info.Size()))
	}
	_, err = w.f.WriteString(Head + "\n")
	return err
}

func (w *Writer) load(r io.Reader) error {
	in := bufio.NewReader(r)
	line, err := in.ReadBytes('\n')
	if string(bytes.TrimSpace(line)) != Head {
		return ErrOther
	}
	for err == nil {
		line, err = in.ReadBytes('\n')
		if e, bad := Parse(line); bad == nil {
			w.known[w.hash(e.File, e.URL)] = struct{}{}
		}
	}
	if !errors.Is(err, io.EOF) {
		return err
	}
	if len(line) > 0 {
		_, err = w.f.WriteString("\n") // a crash cut off the last line
		return err
	}
	return nil
}

func (w *Writer) hash(file, url string) uint64 {
	var h maphash.Hash
	h.SetSeed(w.seed)
	_, _ = h.WriteString(file)
	_ = h.WriteByte(0)
	_, _ = h.WriteString(url)
	return h.Sum64()
}

// Has reports whether the manifest had an entry of the file and the URL when it was opened.
func (w *Writer) Has(file, url string) bool {
	_, ok := w.known[w.hash(file, url)]
	return ok
}

// Add adds an entry at the end.
func (w *Writer) Add(e Entry) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	// One call writes the line, so that lines of several processes do not mix.
	_, err := w.f.Write(append(e.Line(), '\n'))
	return err
}

// Close waits until the entries are on the disk, if the file is on one, and closes it.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if info, err := w.f.Stat(); err == nil && info.Mode().IsRegular() {
		return errors.Join(w.f.Sync(), w.f.Close())
	}
	return w.f.Close()
}
