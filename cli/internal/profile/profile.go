// Package profile knows what well-known servers ask of the uploads that they
// take.
package profile

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Profile is what is known of one server. It is data and does nothing.
type Profile struct {
	Name     string `json:"name"`
	Server   string `json:"server"`
	Endpoint string `json:"endpoint"` // what the URL looks like
	Docs     string `json:"docs"`

	// Created elsewhere: uploads are only gone on with.
	NoCreation bool `json:"no_creation"`

	Chunk    Chunk   `json:"chunk"`
	Headers  []Field `json:"headers"`
	Metadata []Field `json:"metadata"`

	// Returns are the response headers worth printing.
	Returns []Return `json:"returns"`
	Notes   []string `json:"notes"`
}

// Chunk is the rule for the bytes of one request, the last one of an upload
// excepted. Zero is no rule; all are in bytes.
type Chunk struct {
	// Size is what is sent by default.
	Size     int64 `json:"size"`
	Min      int64 `json:"min"`
	Max      int64 `json:"max"`
	Multiple int64 `json:"multiple"`
}

// Field is a request header or a key of metadata that the server knows.
type Field struct {
	Name  string `json:"name"`
	About string `json:"about"`

	// Need says whether an upload fails without it.
	Need Need `json:"need"`

	// From is the default of a key of metadata, "" for none.
	From From `json:"from,omitempty"`
}

// Return is a response header.
type Return struct {
	Name  string `json:"name"`
	About string `json:"about"`
}

// Need says when a field is asked for.
type Need string

// The needs.
const (
	Advised  Need = "advised"
	Creation Need = "creation" // where an upload is created
	Always   Need = "always"   // also where one is gone on with
)

// From is what a file says of itself.
type From string

// The sources of defaults.
const (
	Filename From = "filename"
	Filetype From = "filetype" // the media type, where it is known
	Path     From = "path"     // from the directory on that it was found in, or else Filename
)

// Find gives the profile called name.
func Find(name string) (Profile, bool) {
	i := slices.IndexFunc(table, func(p Profile) bool { return p.Name == name })
	if i < 0 {
		return Profile{}, false
	}
	return table[i], true
}

// All gives the profiles, sorted by name.
func All() iter.Seq[Profile] { return slices.Values(table) }

// Names gives the names of the profiles, sorted.
func Names() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, p := range table {
			if !yield(p.Name) {
				return
			}
		}
	}
}

// OwnDefaults tells whether the profile says which metadata a file gets by
// default.
func (p Profile) OwnDefaults() bool {
	return slices.ContainsFunc(p.Metadata, func(f Field) bool { return f.From != "" })
}

// MissingError names what an upload lacks for a server.
type MissingError struct {
	Profile string
	Kind    string // "header" or "metadata"
	Fields  []Field
}

// Error names the fields and says what they are.
func (e *MissingError) Error() string {
	names := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		names[i] = f.Name + " (" + f.About + ")"
	}
	return fmt.Sprintf("profile %s: %s missing: %s", e.Profile, e.Kind, strings.Join(names, ", "))
}

// CheckHeaders finds the headers that are missing. Creates tells whether an
// upload is to be created. The error is a *MissingError.
func (p Profile) CheckHeaders(creates bool, has func(name string) bool) error {
	return p.check("header", p.Headers, creates, has)
}

// CheckMetadata finds the keys that are missing where an upload is created. The
// error is a *MissingError.
func (p Profile) CheckMetadata(has func(key string) bool) error {
	return p.check("metadata", p.Metadata, true, has)
}

func (p Profile) check(kind string, fields []Field, creates bool, has func(string) bool) error {
	var missing []Field
	for _, f := range fields {
		if (f.Need == Always || f.Need == Creation && creates) && !has(f.Name) {
			missing = append(missing, f)
		}
	}
	if len(missing) > 0 {
		return &MissingError{Profile: p.Name, Kind: kind, Fields: missing}
	}
	return nil
}
