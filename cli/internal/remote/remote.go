// Package remote has the files of uploads that are not on this machine: objects at http and
// https URLs, and objects of S3.
package remote

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/source/httpsource"
	"github.com/tusker-go/tusker/client/source/s3"
)

// IsName reports whether a FILE is not on this machine: it begins with http://, https:// or
// s3://. A local file of that name is written with ./ before it.
func IsName(file string) bool {
	scheme, _, ok := strings.Cut(file, "://")
	return ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")) || s3.IsLocation(file)
}

// Shown returns the name of a remote FILE without what may be a secret: user, query and
// fragment of a URL.
func Shown(file string) string {
	if s3.IsLocation(file) {
		return file
	}
	return output.RedactURL(file)
}

// Files opens and lists remote files. Its methods are safe for concurrent use.
type Files struct {
	http httpsource.Config
	s3   s3.Config

	once  sync.Once
	store *s3.Client // made by once: reading the settings of AWS takes time
	err   error
}

// New returns Files whose objects are read with these settings. It reads and sends nothing.
func New(web httpsource.Config, store s3.Config) *Files { return &Files{http: web, s3: store} }

// bucket returns the client for S3.
func (r *Files) bucket() (*s3.Client, error) {
	r.once.Do(func() { r.store, r.err = s3.New(r.s3) })
	return r.store, r.err
}

// Open opens a remote file. The ETag is the one that the object must have. "": any. Errors Are
// client.ErrSource.
func (r *Files) Open(ctx context.Context, file, etag string) (*File, error) {
	if !s3.IsLocation(file) {
		cfg := r.http
		cfg.ETag = etag
		return opened(httpsource.Open(ctx, file, cfg))
	}
	l, err := s3.Parse(file)
	if err != nil {
		return nil, err
	}
	store, err := r.bucket()
	if err != nil {
		return nil, err
	}
	l.ETag = etag
	return opened(store.Open(ctx, l))
}

func opened(o *httpsource.Object, err error) (*File, error) {
	if err != nil {
		return nil, err
	}
	return &File{o}, nil
}

// File is a remote file that was opened.
type File struct{ *httpsource.Object }

// MediaType returns the media type that the server names, without parameters, or "" if it
// means nothing.
func (f *File) MediaType() string {
	value, _, _ := strings.Cut(f.Header().Get("Content-Type"), ";")
	switch value = strings.ToLower(strings.TrimSpace(value)); value {
	case "application/octet-stream", "binary/octet-stream", "application/x-directory":
		return ""
	}
	return value
}

// Entry is an object below a prefix.
type Entry struct {
	// Name is the FILE of the object, and Below its path below the prefix.
	Name, Below string

	// ETag is the entity tag of the object.
	ETag string

	// Size is the number of bytes.
	Size int64

	// Modified is the time of the last change.
	Modified time.Time
}

// IsFolder reports whether a remote FILE can only be a prefix: it is a bucket, or ends with a
// slash.
func IsFolder(file string) bool {
	l, err := s3.Parse(file)
	return err == nil && (l.Key == "" || strings.HasSuffix(l.Key, "/"))
}

// Base returns the name of the prefix or bucket that a remote FILE is.
func Base(file string) string {
	l, err := s3.Parse(file)
	if err != nil {
		return ""
	}
	if base := path.Base("/" + l.Key); base != "/" {
		return base
	}
	return l.Bucket
}

// CheckCredentials returns an error if there are no credentials for S3.
func (r *Files) CheckCredentials(ctx context.Context) error {
	store, err := r.bucket()
	if err != nil {
		return err
	}
	return store.CheckCredentials(ctx)
}

// List returns the objects below a prefix of S3 whose keys are after the key after, in the
// order of the bytes of their keys. If there are none, and the prefix does not end with a
// slash, it returns nothing: it may be an object.
func (r *Files) List(ctx context.Context, file, after string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		l, err := s3.Parse(file)
		if err == nil && l.Version != "" {
			err = fmt.Errorf("%w: %s: a prefix has no version", client.ErrSource, file)
		}
		var store *s3.Client
		if err == nil {
			store, err = r.bucket()
		}
		if err != nil {
			yield(Entry{}, err)
			return
		}
		if l.Key != "" && !strings.HasSuffix(l.Key, "/") {
			l.Key += "/"
		}
		for o, err := range store.List(ctx, l, after) {
			if err != nil {
				yield(Entry{}, err)
				return
			}
			etag := o.ETag
			o.ETag = ""
			if !yield(Entry{Name: o.String(), Below: strings.TrimPrefix(o.Key, l.Key), ETag: etag, Size: o.Size, Modified: o.Modified}, nil) {
				return
			}
		}
	}
}

// Hint returns what to do about an error of a remote file, or "".
func Hint(err error) string {
	if wrong, ok := errors.AsType[*NameError](err); ok {
		return wrong.hint
	}
	if errors.Is(err, errUser) || errors.Is(err, errQuery) {
		return "name the object as s3://bucket/key, which workers read with their own credentials of AWS, or use a URL without user and query, whose credentials are in the netrc file of each worker; tusker upload takes the URL as it is"
	}
	failed, ok := errors.AsType[*httpsource.RequestError](err)
	switch {
	case !ok:
		return ""
	case errors.Is(err, httpsource.ErrNoRanges), errors.Is(err, httpsource.ErrNoVersion):
		return "download it first, or send it as a stream: curl -fL URL | tusker upload ENDPOINT -"
	case errors.Is(err, client.ErrSourceChanged):
		return "the object was replaced: the same command sends the new one"
	case errors.Is(err, httpsource.ErrExpired):
		return "the same command with a new URL resumes the upload"
	case errors.Is(err, httpsource.ErrNotFound) && s3.IsLocation(failed.Name):
		return "objects below a prefix are sent with --recursive"
	case failed.StatusCode == http.StatusUnauthorized:
		return "give user and password in the URL, or in a netrc file with --netrc"
	case errors.Is(err, httpsource.ErrDenied) && !errors.Is(err, s3.ErrNoCredentials):
		return "the credentials of FILE are those of AWS (AWS_PROFILE, AWS_ACCESS_KEY_ID) or of netrc; --token-file, --user and --header are for ENDPOINT only; --request-payer requester pays for a bucket whose owner does not"
	}
	return ""
}
