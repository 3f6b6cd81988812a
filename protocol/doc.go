// Package protocol has the tus resumable upload protocol 1.0.0 as values: the content
// of its headers, the meaning of its status codes, and the arithmetic of offsets. It
// opens no connection and imports neither net nor net/http. [net/http.Header]
// implements [Header].
//
// A client writes a request with [Creation], [Patch] or [SetVersion], gets the meaning
// of the answer's status from [StatusError], and parses the answer with
// [ParseCreated], [ParseHead], [ParsePatched] or [ParseCapabilities]. A server writes
// its answers with [State.SetHeader] and [Capabilities.SetHeader]. [Next],
// [Range.Accept] and [Split] compute which bytes to send.
//
// # Sections of tus 1.0.0
//
//	Core Protocol, Upload-Offset            ParseOffset, Patch, State
//	Core Protocol, Upload-Length            Length, ParseLength
//	Core Protocol, Tus-Version              Capabilities.Versions
//	Core Protocol, Tus-Resumable            SetVersion, Version
//	Core Protocol, Tus-Extension            Capabilities.Extensions, Extension
//	Core Protocol, Tus-Max-Size             Capabilities.MaxSize
//	Core Protocol, X-HTTP-Method-Override   HeaderMethodOverride (the name only)
//	Core Protocol, HEAD                     ParseHead, State.SetHeader
//	Core Protocol, PATCH                    Patch, ParsePatched, Next, Range
//	Core Protocol, OPTIONS                  Capabilities, ParseCapabilities
//	Creation, POST                          Creation, ParseCreated
//	Creation, Upload-Defer-Length           ParseDeferLength, Creation, Patch.Length
//	Creation, Upload-Metadata               Metadata, ParseMetadata
//	Creation With Upload                    Creation.WithBody, ParseCreated
//	Expiration, Upload-Expires              ParseExpires, FormatExpires
//	Checksum, Tus-Checksum-Algorithm        Capabilities.ChecksumAlgorithms
//	Checksum, Upload-Checksum               Checksum, ParseChecksum, Patch.Checksum
//	Termination                             SetVersion, OpTerminate
//	Concatenation, Upload-Concat            Concat, ParseConcat, Split
//	status codes of every section           StatusError
//
// A checksum in a trailer (checksum-trailer) is written by the code that sends the
// body. Its value is [Checksum.Encode].
//
// # Strict and tolerant
//
// Encoders follow the specification, or return an error and write nothing. Parsers
// also accept these deviations of servers, whose meaning is certain:
//
//   - spaces and tabs around a value and around the elements of a list, empty
//     elements, and a list in several fields (RFC 9110, section 5.3); elements that
//     cannot be the name of a version, extension or algorithm, because they contain a
//     space, a control character or bytes outside ASCII, are skipped
//   - names of extensions and checksum algorithms with capital letters
//   - metadata with several spaces between key and value, a key without value,
//     and base64 without padding
//   - Upload-Expires as an RFC 9110 date in any of its three forms, or as Unix
//     seconds
//   - Upload-Concat with capital letters, with spaces around the semicolon, or with
//     several spaces between parts
//   - 200 instead of 204, 204 instead of 200, and 200 instead of 201
//
// Upload-Offset, Upload-Length, Tus-Max-Size and Location decide what happens next, so
// a malformed one is an error. Upload-Metadata, Upload-Concat, Upload-Expires and
// Upload-Defer-Length do not, so a malformed one is an entry of [State.Warnings].
//
// A list has at most [MaxMetadataPairs], [MaxConcatParts] or [MaxListElements]
// elements; a longer one is [ErrTooManyElements]. Errors keep only the beginning
// of a value and the first few of many reasons. The memory that a parser allocates
// is therefore at most a small multiple of the header's size.
//
// # Concurrency
//
// Functions keep no state. Several goroutines can read a value at the same time, but
// only one can write it.
package protocol
