// Package rufh has the IETF's "Resumable Uploads for HTTP" as values: the content of its
// header fields, and the meaning of its responses. It opens no connection and imports
// neither net nor net/http. [net/http.Header] implements [Header].
//
// The protocol is draft-ietf-httpbis-resumable-upload. A reference such as "-13, section
// 4.1" names a draft. Drafts that can talk to each other have the same interop version:
//
//	3   -01           Upload-Incomplete in place of Upload-Complete
//	4   -02
//	5   -03           104 with Upload-Offset
//	6   -04, -05      application/partial-upload, Upload-Length, Upload-Limit, problem types
//	7   -06 to -08    Upload-Length in appends, expires is max-age, final responses by the target
//	8   -09 to -11    only "?1" completes an append
//	9   -12
//	10  -13           only "?1" completes an upload; HEAD need not tell completeness and length
//
// A client writes its requests with [Creation], [Append] and [Version.SetHeader], parses
// responses, also those with status 104, with [Version.ParseResponse], and gets their meaning
// from [Judge]. A server parses requests with [ParseRequest] and writes responses with
// [Response.SetHeader].
//
// # Sections of -13
//
//	4.1.1, Upload-Offset               Append.Offset, Request, Response, Verdict.Offset
//	4.1.2, Upload-Complete             Completeness, Version.HeaderComplete
//	4.1.3, Upload-Length               Creation.Length, Append.Length
//	4.1.4, Upload-Limit                Version.ParseLimits, Version.FormatLimits
//	4.2, creation                      Creation, Judge
//	4.3, offset retrieval              Version.SetHeader, Judge
//	4.4, append                        Append, Judge
//	4.5, cancellation                  Version.SetHeader, Judge
//	4.7, retry                         Meaning
//	5, status 104                      StatusResumptionSupported, Announced, Progressed
//	6, media type                      MediaType, Version.MediaType
//	7, problem types                   Problem, ParseProblem
//	10, strategies                     Creation
//	appendix B, interop version        Version, ParseVersion
//
// # Fields that are ignored
//
// Values are structured fields (RFC 9651). Several lines of a field are joined, parameters
// are dropped, and a value of another type than the draft demands makes a receiver ignore the
// field. Parsers do so, and name these fields in Response.Void and Request.Void. A field with an
// empty value counts as missing.
//
// # Concurrency
//
// Functions keep no state. Several goroutines can read a value at the same time, but
// only one can write it.
package rufh
