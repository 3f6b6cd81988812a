// Package protocol holds the tus resumable upload protocol 1.0.0 as values:
// what its headers say, what its status codes mean, and the arithmetic of
// offsets. It opens no connection and imports neither net nor net/http; an
// [net/http.Header] satisfies [Header].
//
// A client fills a request with [Creation], [Patch] or [SetVersion], asks
// [StatusError] what the answer's status means, and reads the answer with
// [ParseCreated], [ParseHead], [ParsePatched] or [ParseCapabilities]. A server
// writes its answers with [State.SetHeader] and [Capabilities.SetHeader].
// [Next], [Range.Accept] and [Split] say which bytes to send.
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
// A checksum in a trailer is the business of whoever sends the body: its value
// is [Checksum.Encode].
//
// # Strict and tolerant
//
// What is written follows the specification, or is an error and writes
// nothing. What is read may deviate where servers do and the meaning stays
// certain:
//
//   - spaces and tabs around a value and around the elements of a list, empty
//     elements, and a list sent on several lines (RFC 9110, section 5.3);
//     list elements that no version, extension or algorithm could be (a space
//     or a control character inside, or bytes outside ASCII) are skipped
//   - names of extensions and checksum algorithms with capitals
//   - metadata with several spaces between key and value, a key without value,
//     and base64 without padding
//   - Upload-Expires as an RFC 9110 date in any of its three forms, or as Unix
//     seconds
//   - Upload-Concat in capitals, and with spaces around the semicolon or more
//     than one between parts
//   - 200 where 204 is prescribed or the reverse, and 200 for 201
//
// Upload-Offset, Upload-Length, Tus-Max-Size and Location decide what happens
// next, so a malformed one is an error. Upload-Metadata, Upload-Concat,
// Upload-Expires and Upload-Defer-Length do not: a malformed one becomes an
// entry of [State.Warnings].
//
// A list has at most [MaxMetadataPairs], [MaxConcatParts] or [MaxListElements]
// elements; a longer one is [ErrTooManyElements]. Errors keep only the beginning
// of a value and the first few of many reasons. The memory that a parser allocates
// is therefore at most a small multiple of the header's size.
//
// # Concurrency
//
// Functions keep no state. Values may be read by several goroutines at once,
// and written by one at a time.
package protocol
