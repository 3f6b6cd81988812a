// Package profile describes what well-known servers require of uploads.
package profile

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Profile describes one server. It contains data only.
type Profile struct {
	Name     string `json:"name"`
	Server   string `json:"server"`
	Endpoint string `json:"endpoint"` // an example or pattern of the URL
	Docs     string `json:"docs"`

	// NoCreation means that the client cannot create uploads, only resume them.
	NoCreation bool `json:"no_creation"`

	Chunk    Chunk   `json:"chunk"`
	Headers  []Field `json:"headers"`
	Metadata []Field `json:"metadata"`

	// Returns are the response headers worth printing.
	Returns []Return `json:"returns"`
	Notes   []string `json:"notes"`
}

// Chunk is the rule for the sizes of requests, in bytes. It does not apply to the
// last request of an upload. Zero values mean no rule.
type Chunk struct {
	// Size is the default size of a request.
	Size     int64 `json:"size"`
	Min      int64 `json:"min"`
	Max      int64 `json:"max"`
	Multiple int64 `json:"multiple"`
}

// Field is a request header or a metadata key that the server knows.
type Field struct {
	Name  string `json:"name"`
	About string `json:"about"`

	// Need tells when an upload fails without the field.
	Need Need `json:"need"`

	// From is the default value of a metadata key. "": no default.
	From From `json:"from,omitempty"`
}

// Return is a response header.
type Return struct {
	Name  string `json:"name"`
	About string `json:"about"`
}

// Need tells when a field is required.
type Need string

// The values of Need.
const (
	Advised  Need = "advised"
	Creation Need = "creation" // only to create an upload
	Always   Need = "always"   // to create and to resume an upload
)

// From names a property of a file.
type From string

// The sources of default values.
const (
	Filename From = "filename"
	Filetype From = "filetype" // the media type, if it is known
	Path     From = "path"     // the path that begins with the directory in which the file was found; otherwise Filename
)

// Find returns the profile called name.
func Find(name string) (Profile, bool) {
	i := slices.IndexFunc(table, func(p Profile) bool { return p.Name == name })
	if i < 0 {
		return Profile{}, false
	}
	return table[i], true
}

// All returns the profiles, sorted by name.
func All() iter.Seq[Profile] { return slices.Values(table) }

// Names returns the names of the profiles, sorted.
func Names() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, p := range table {
			if !yield(p.Name) {
				return
			}
		}
	}
}

// OwnDefaults reports whether the profile defines the default metadata of a file.
func (p Profile) OwnDefaults() bool {
	return slices.ContainsFunc(p.Metadata, func(f Field) bool { return f.From != "" })
}

// MissingError lists the fields that an upload lacks.
type MissingError struct {
	Profile string
	Kind    string // "header" or "metadata"
	Fields  []Field
}

// Error names the missing fields and describes each.
func (e *MissingError) Error() string {
	names := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		names[i] = f.Name + " (" + f.About + ")"
	}
	return fmt.Sprintf("profile %s: %s missing: %s", e.Profile, e.Kind, strings.Join(names, ", "))
}

// CheckHeaders finds the required headers that are missing. Creates reports whether
// an upload will be created. The error is a *MissingError.
func (p Profile) CheckHeaders(creates bool, has func(name string) bool) error {
	return p.check("header", p.Headers, creates, has)
}

// CheckMetadata finds the metadata keys that are missing for the creation of an
// upload. The error is a *MissingError.
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
