package client

import (
	"net/http"
	"time"

	"github.com/tusker-go/tusker/client/internal/engine"
	"github.com/tusker-go/tusker/client/internal/header"
	"github.com/tusker-go/tusker/protocol"
)

// Result says how far an upload got.
type Result struct {
	// URL is that of the upload, or "" if none was created. It may be a secret.
	URL string

	// Offset is how many bytes the server has acknowledged. If the server has not answered
	// about an upload that an earlier call began, it is the offset in the record.
	Offset int64

	// Unacknowledged is how many bytes after Offset were sent although the server has not said
	// how many of them it has, see Config.AskAfterCancel. 0 after a success.
	Unacknowledged int64

	// Length is the size of the upload in bytes. The zero value: not known.
	Length protocol.Length

	// Resumed is how many bytes the server had when this call first asked, of an
	// upload that was begun before. Without an answer, it is the offset in the record.
	Resumed int64

	// Expires is when the server removes the upload unless it is complete by then, in
	// UTC. The zero time: the server did not say.
	Expires time.Time

	// CreationHeader is the header of the answer to the creation, nil if the upload
	// existed before. Header is that of the last answer. Each has at most MaxKeptHeader
	// bytes, so that the results of many uploads stay small.
	CreationHeader, Header http.Header

	// Confirmed means that the answer to the last bytes was lost or an error, in this run or
	// in the run that left a record, and that the server then said that it has all bytes.
	Confirmed bool

	// Denial is an error that the server answered to the last bytes, although it called the
	// upload complete afterward, such as a 500 with the text of a hook that failed. If there
	// are several parts, it is the first such answer. A Skipped source has the Denial of the
	// run that sent it. The zero value: there was none.
	Denial Denial

	// Response is the response to the upload by the resource that it is for, also if that is an
	// error. nil: tus has none, or it was not received. Up to version 6 of Resumable Uploads for
	// HTTP, it is the last response of the server.
	Response *Response

	// Verified means that the server holds the bytes of the source, see
	// UploadOptions.Verify.
	Verified bool

	// SHA256 is the SHA-256 of the bytes of the source, 32 bytes, see UploadOptions.Digest.
	// nil: it was not computed.
	SHA256 []byte

	// Skipped means that an earlier run sent all bytes and that the server still has
	// them, so that nothing was sent, see Config.Ledger. With Config.TrustLedger, the server
	// was not asked.
	Skipped bool

	// InUse means that another program had the source open for writing, when the upload began
	// or when it ended. The bytes that were sent may be a mix of two states, see
	// Config.RefuseInUse. It is false if the system does not say.
	InUse bool

	// Sent is how many bytes were handed to the network in total, including those that
	// were sent twice. Retries is how many exchanges were repeated.
	Sent    int64
	Retries int

	// Orphans is how many creations got no answer, or only that of a gateway, before one
	// succeeded. Each may have left an upload on the server whose URL is unknown.
	Orphans int

	// BodyLimit is the most bytes that one request to the host of the upload carries since
	// larger ones were refused or lost, in this or another upload of the Client. An upload
	// that succeeds has shown that such requests pass. 0: no limit is known.
	BodyLimit int64

	// Parts holds the results of the parts of UploadConcat, or of an upload with
	// UploadOptions.Parallel, in their order.
	Parts []*Result
}

// take adds res, the result of the latest run of the engine. err is the error of that run.
func (r *Result) take(res engine.Result, err error) {
	if err == nil && r.Denial == (Denial{}) {
		r.Denial = res.Denial
	}
	r.URL, r.Offset, r.Length, r.Resumed = res.URL, res.Offset, res.Length, res.Resumed
	r.Unacknowledged, r.Expires, r.Confirmed = res.Unacknowledged, res.Expires, res.Confirmed
	if res.Header != nil {
		r.Header = res.Header
	}
	if res.Response != nil {
		r.Response = &Response{
			StatusCode: res.Response.StatusCode, Header: header.Keep(res.Response.Header),
			Body: res.Response.Body, Truncated: res.Response.Truncated,
		}
	}
	if res.CreationHeader != nil {
		r.CreationHeader = res.CreationHeader
	}
	r.Sent += res.Sent
	r.Retries += res.Retries
	r.Orphans += res.Orphans
}

// resultOf copies the result of a part.
func resultOf(res engine.Result) *Result {
	r := new(Result)
	r.take(res, nil)
	return r
}
