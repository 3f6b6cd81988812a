package s3

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/source"
)

// Location is the place of an object, or of all objects whose keys begin with Key.
type Location struct {
	// Bucket is the name of the bucket. It is never empty.
	Bucket string

	// Key is the key of the object, or the beginning of keys.
	Key string

	// Version is the version of the object in a bucket with versions. "": the latest.
	Version string

	// ETag is the entity tag that the object must have, with its quotes. "": any.
	ETag string
}

const (
	scheme       = "s3://"
	versionQuery = "?versionId="
)

// Parse reads a location of the form s3://bucket, s3://bucket/key or
// s3://bucket/key?versionId=version. A key is written as it is, without percent-encoding. If it
// has ?versionId= in it itself, another one follows. The error Is failure.ErrSource.
func Parse(s string) (Location, error) {
	if !IsLocation(s) {
		return Location{}, source.Error(fmt.Errorf("%w: %q does not begin with %s", failure.ErrInvalidURL, s, scheme))
	}
	l := Location{}
	l.Bucket, l.Key, _ = strings.Cut(s[len(scheme):], "/")
	if i := strings.LastIndex(l.Key, versionQuery); i > 0 {
		l.Key, l.Version = l.Key[:i], l.Key[i+len(versionQuery):]
	}
	if !isBucket(l.Bucket) {
		return Location{}, source.Error(fmt.Errorf("%w: %q: %w", failure.ErrInvalidURL, s, errBucketName))
	}
	return l, nil
}

// IsLocation reports whether s begins with s3://, in letters of any case.
func IsLocation(s string) bool {
	return len(s) >= len(scheme) && strings.EqualFold(s[:len(scheme)], scheme)
}

var errBucketName = errors.New("the name of a bucket has 3 to 255 letters, digits, dots, hyphens and underscores")

// isBucket reports whether name can be that of a bucket, so that it cannot become another part
// of a URL. Old buckets may have capitals and 255 characters.
func isBucket(name string) bool {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"
	return len(name) >= 3 && len(name) <= 255 && strings.Trim(name, allowed) == ""
}

// String returns the location in the form of Parse, without ETag.
func (l Location) String() string {
	s := scheme + l.Bucket
	if l.Key != "" {
		s += "/" + l.Key
	}
	if l.Version != "" || strings.LastIndex(l.Key, versionQuery) > 0 {
		s += versionQuery + l.Version
	}
	return s
}

// isDirectory reports whether the location is that of a bucket, or of all objects below a key. An
// object whose key ends with a slash has an ETag or a version.
func (l Location) isDirectory() bool {
	return l.Key == "" || strings.HasSuffix(l.Key, "/") && l.ETag == "" && l.Version == ""
}
