package fleet

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tusker-go/tusker/protocol"
)

// Item is one file of a job.
type Item struct {
	// Root names the place of the file, such as "media". Each worker maps it to a folder or
	// bucket of its own, see Files. It is valid UTF-8. "": the job has one root without a
	// name. A root of the form "s3://bucket" or "https://host" is a remote one, which is the
	// same place for all workers. It has no credentials.
	Root string `json:"root,omitempty"`

	// Path is the path of the file below the root, with slashes. It does not begin with a
	// slash, and no element of it is "", "." or "..". It need not be UTF-8. Below a remote
	// root, it is the key of an object, or the path and the query of a URL, and it is only
	// not "". Do not put a secret into it: everyone who can read the engine sees it.
	Path string `json:"path"`

	// Size is the number of bytes.
	Size int64 `json:"size"`

	// ModTime is the time of modification of the file when it was added. A worker refuses
	// the file if it has another size or time by then. The zero time: only the size and
	// Version tell one state of the file from another.
	ModTime time.Time `json:"mod_time,omitzero"`

	// Version identifies the bytes, such as the version or the ETag of an object. "": the
	// size and ModTime do. Workers then also compare both ends of the file with those that
	// the first worker saw.
	Version string `json:"version,omitempty"`

	// Metadata is kept by the upload server. nil: the file name, under the key filename. A
	// worker adds the ID of the item under the key item.
	Metadata protocol.Metadata `json:"metadata,omitempty"`
}

// remoteMark is in the roots that are remote, and in no others.
const remoteMark = "://"

// IsRemote reports whether the root is a remote one, such as "s3://bucket".
func (it Item) IsRemote() bool { return strings.Contains(it.Root, remoteMark) }

// Name returns the root and the path of the item, as in "media:2024/a.mov" and
// "s3://bucket/2024/a.mov", or the path alone if the root has no name.
func (it Item) Name() string {
	switch {
	case it.Root == "":
		return it.Path
	case it.IsRemote():
		return it.Root + "/" + it.Path
	}
	return it.Root + ":" + it.Path
}

// ID returns the identity of the item in a job with this endpoint: a SHA-256 in hexadecimal
// of the endpoint without its query, the root, the path, and the version, or else the size
// and the time of modification.
func (it Item) ID(endpoint string) string {
	h := sha256.New()
	version := it.Version
	if version == "" {
		version = fmt.Sprintf("%d %d", it.Size, unixNano(it.ModTime))
	}
	for _, field := range []string{"tusker fleet 1", plainEndpoint(endpoint), it.Root, it.Path, version} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(field))))
		h.Write([]byte(field))
	}
	return hex.EncodeToString(h.Sum(nil))
}

func unixNano(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// Validate checks the rules of the fields. The error Is ErrInvalid.
func (it Item) Validate() error {
	switch {
	case !utf8.ValidString(it.Root):
		return fmt.Errorf("%w: root %q is not UTF-8", ErrInvalid, it.Root)
	case it.IsRemote() && !isRemoteRoot(it.Root):
		return fmt.Errorf("%w: root %q is not of the form scheme://host", ErrInvalid, it.Root)
	case !it.IsRemote() && strings.Contains(it.Root, ":"):
		return fmt.Errorf("%w: root %q has a colon", ErrInvalid, it.Root)
	case it.Size < 0:
		return fmt.Errorf("%w: item %q has a size of %d bytes", ErrInvalid, it.Path, it.Size)
	case it.IsRemote() && it.Path == "", !it.IsRemote() && !isCleanPath(it.Path):
		return fmt.Errorf("%w: path %q of an item is not a clean path below its root", ErrInvalid, it.Path)
	}
	if err := it.Metadata.Validate(); err != nil {
		return fmt.Errorf("%w: metadata of item %q: %w", ErrInvalid, it.Path, err)
	}
	return nil
}

// isCleanPath reports whether no element of a path is empty or leads elsewhere.
func isCleanPath(p string) bool {
	for element := range strings.SplitSeq(p, "/") {
		if element == "" || element == "." || element == ".." {
			return false
		}
	}
	return true
}

// isRemoteRoot reports whether a root has a scheme and a host, and nothing else: no user, no
// path and no query.
func isRemoteRoot(root string) bool {
	scheme, host, _ := strings.Cut(root, remoteMark)
	return scheme != "" && strings.Trim(scheme, "abcdefghijklmnopqrstuvwxyz0123456789+.-") == "" &&
		host != "" && !strings.ContainsAny(host, "/@?# ") && !strings.ContainsFunc(host, unicode.IsControl)
}

// Order is an order of the items of a list.
type Order uint8

// The orders. Both order by root first.
const (
	// OrderWalk orders paths by their elements, as fs.WalkDir visits them: a/b is before
	// a.txt. Paths below a remote root are in OrderBytes.
	OrderWalk Order = iota

	// OrderBytes orders paths by their bytes, as object stores list them: a.txt is before
	// a/b.
	OrderBytes
)

// Compare returns a negative number if a is before b, a positive one if it is after b, and 0
// if both have the same root and path.
func (o Order) Compare(a, b Item) int {
	if c := strings.Compare(a.Root, b.Root); c != 0 {
		return c
	}
	if o == OrderBytes || a.IsRemote() {
		return strings.Compare(a.Path, b.Path)
	}
	return compareWalk(a.Path, b.Path)
}

// compareWalk compares bytes, of which the slash is the lowest.
func compareWalk(a, b string) int {
	for i := range min(len(a), len(b)) {
		x, y := a[i], b[i]
		switch {
		case x == y:
		case x == '/':
			return -1
		case y == '/':
			return 1
		default:
			return cmp.Compare(x, y)
		}
	}
	return cmp.Compare(len(a), len(b))
}
