package protocol

import (
	"slices"
	"strings"
)

// Extension is the name of a protocol extension, as in Tus-Extension.
type Extension string

// The extensions of tus 1.0.0.
const (
	ExtensionCreation                Extension = "creation"
	ExtensionCreationWithUpload      Extension = "creation-with-upload"
	ExtensionCreationDeferLength     Extension = "creation-defer-length"
	ExtensionExpiration              Extension = "expiration"
	ExtensionChecksum                Extension = "checksum"
	ExtensionChecksumTrailer         Extension = "checksum-trailer"
	ExtensionTermination             Extension = "termination"
	ExtensionConcatenation           Extension = "concatenation"
	ExtensionConcatenationUnfinished Extension = "concatenation-unfinished"
)

// Capabilities is the content of a server's answer to OPTIONS (tus 1.0.0, Core
// Protocol, OPTIONS). A server may support more than it announces.
type Capabilities struct {
	Versions           []string    // in the server's order of preference; never empty
	Extensions         []Extension // nil: none
	ChecksumAlgorithms []string    // nil: none
	MaxSize            Length      // of an entire upload, in bytes; the zero value: not announced
}

// Has reports whether the server announces the extension.
func (c Capabilities) Has(e Extension) bool { return slices.Contains(c.Extensions, e) }

// Supports reports whether the server announces the version.
func (c Capabilities) Supports(version string) bool { return slices.Contains(c.Versions, version) }

// SetHeader writes the headers of a server's answer to OPTIONS: Tus-Resumable and
// Tus-Version, and Tus-Extension, Tus-Checksum-Algorithm and Tus-Max-Size if the
// fields are set.
//
// The error is a *HeaderError, and h is unchanged then: ErrMissingHeader if Versions is
// empty, ErrInvalidHeader for a list that [FormatList] refuses, ErrInvalidChecksum for
// an algorithm with capital letters.
func (c Capabilities) SetHeader(h Header) error {
	if len(c.Versions) == 0 {
		return missing(HeaderVersion)
	}
	for _, algorithm := range c.ChecksumAlgorithms {
		if flaw := algorithmFlaw(algorithm); flaw != "" {
			err := invalid(ErrInvalidChecksum, "checksum algorithm %s %s", quote(algorithm), flaw)
			return &HeaderError{Name: HeaderChecksumAlgorithm, Err: err}
		}
	}
	f := make(fields, 0, 4)
	if err := addList(&f, HeaderVersion, c.Versions); err != nil {
		return err
	}
	if err := addList(&f, HeaderExtension, c.Extensions); err != nil {
		return err
	}
	if err := addList(&f, HeaderChecksumAlgorithm, c.ChecksumAlgorithms); err != nil {
		return err
	}
	if _, ok := c.MaxSize.Int64(); ok {
		f.add(HeaderMaxSize, c.MaxSize.String())
	}
	f.set(h)
	return nil
}

func addList[S ~string](f *fields, name string, list []S) error {
	if len(list) == 0 {
		return nil
	}
	value, err := FormatList(list)
	if err != nil {
		return &HeaderError{Name: name, Err: err}
	}
	f.add(name, value)
	return nil
}

// ParseCapabilities parses a successful answer to OPTIONS. It converts the names of
// extensions and algorithms to lower case.
//
// The error is a *HeaderError: ErrMissingHeader without Tus-Version,
// ErrTooManyElements for a list of more than [MaxListElements] elements, and
// ErrInvalidHeader if Tus-Version names no version or Tus-Max-Size is not a
// non-negative integer. The Capabilities returned with the error have all that could
// be parsed.
func ParseCapabilities(h Header) (Capabilities, error) {
	var c Capabilities
	var listErr error
	list := func(name, value string) []string {
		elements, err := ParseList(value)
		if err != nil && listErr == nil {
			listErr = invalidValue(name, value, err)
		}
		return elements
	}
	version := listValue(h, HeaderVersion)
	c.Versions = list(HeaderVersion, version)
	for _, name := range list(HeaderExtension, strings.ToLower(listValue(h, HeaderExtension))) {
		c.Extensions = append(c.Extensions, Extension(name))
	}
	c.ChecksumAlgorithms = list(HeaderChecksumAlgorithm, strings.ToLower(listValue(h, HeaderChecksumAlgorithm)))
	maxSize, present, err := readInt(h, HeaderMaxSize, ErrInvalidHeader)
	if present && err == nil {
		c.MaxSize = Known(maxSize)
	}
	switch {
	case trim(version) == "":
		return c, missing(HeaderVersion)
	case listErr != nil:
		return c, listErr
	case len(c.Versions) == 0:
		return c, invalidValue(HeaderVersion, version, invalid(ErrInvalidHeader, "it names no version"))
	case err != nil:
		return c, err
	}
	return c, nil
}
