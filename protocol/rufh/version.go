package rufh

import (
	"fmt"
	"strconv"

	"github.com/tusker-go/tusker/protocol"
)

// Version is an interop version of the drafts: the value of Upload-Draft-Interop-Version
// (-13, appendix B). The zero value is no version.
type Version uint8

// The interop versions that this package implements.
const (
	Oldest Version = 3
	Newest Version = 10
)

// drafts has the numbers of draft-ietf-httpbis-resumable-upload for each version.
var drafts = [Newest + 1]string{
	3: "-01", 4: "-02", 5: "-03", 6: "-04, -05", 7: "-06 to -08", 8: "-09 to -11", 9: "-12", 10: "-13",
}

// edition has the differences between the versions.
type edition struct {
	inverted       bool   // Upload-Incomplete instead of Upload-Complete
	progress       bool   // a 104 can have Upload-Offset
	mediaType      bool   // an append has the media type application/partial-upload
	length         bool   // a creation can have Upload-Length
	appendLength   bool   // an append can have Upload-Length
	age            string // key of the lifetime in Upload-Limit
	early          bool   // a server can complete an upload although the client did not
	explicitAppend bool   // only "?1" says that an append completed its upload
	explicit       bool   // only "?1" says that an upload is complete, and an offset in an error needs "?0"
}

// edition returns the edition of v, or that of [Newest] if v is not Valid.
func (v Version) edition() edition {
	if !v.Valid() {
		v = Newest
	}
	e := edition{
		inverted:       v == 3,
		progress:       v >= 5,
		mediaType:      v >= 6,
		length:         v >= 6,
		appendLength:   v >= 7,
		age:            keyMaxAge,
		early:          v >= 7,
		explicitAppend: v >= 8,
		explicit:       v >= 10,
	}
	if v <= 6 {
		e.age = keyExpires
	}
	return e
}

// Valid reports whether v is between [Oldest] and [Newest].
func (v Version) Valid() bool { return Oldest <= v && v <= Newest }

// String returns "rufh/" and the number.
func (v Version) String() string { return "rufh/" + v.number() }

// Drafts returns the numbers of the drafts with this version, such as "-09 to -11", or ""
// if v is not Valid.
func (v Version) Drafts() string {
	if !v.Valid() {
		return ""
	}
	return drafts[v]
}

// MediaType returns the media type of the content of an append, or "" in the versions 3 to
// 5, which have none (-13, section 6).
func (v Version) MediaType() string {
	if !v.edition().mediaType {
		return ""
	}
	return MediaType
}

// HeaderComplete returns the name of the field for completeness: Upload-Incomplete in
// version 3, and Upload-Complete in all others.
func (v Version) HeaderComplete() string {
	if v.edition().inverted {
		return HeaderUploadIncomplete
	}
	return HeaderUploadComplete
}

// HasProgress reports whether a 104 can have Upload-Offset, so that a server acknowledges bytes
// while it receives them. It is so since version 5.
func (v Version) HasProgress() bool { return v.edition().progress }

// HasFinalResponse reports whether the request that completes an upload gets the response of the
// resource that the creation was sent to. It is so since version 7.
func (v Version) HasFinalResponse() bool { return v.edition().early }

// SetHeader writes the header of a request that needs no other field: HEAD (-13, section
// 4.3.1), DELETE (section 4.5.1) and OPTIONS (section 4.1.4).
//
// The error is a *protocol.HeaderError that Is protocol.ErrInvalidHeader, for a version
// that is not Valid. h is unchanged then.
func (v Version) SetHeader(h Header) error {
	if !v.Valid() {
		return invalid(HeaderInteropVersion, v.number(), protocol.ErrInvalidHeader,
			fmt.Sprintf("it is not between %d and %d", Oldest, Newest))
	}
	h.Set(HeaderInteropVersion, v.number())
	return nil
}

// ParseVersion returns the Upload-Draft-Interop-Version of h, or 0 if it is missing, is not
// an Integer, or is not Valid.
func ParseVersion(h Header) Version {
	r := reader{h: h}
	return r.version()
}

func (v Version) number() string { return strconv.FormatUint(uint64(v), 10) }
