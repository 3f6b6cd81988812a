package rufh

import "github.com/tusker-go/tusker/protocol"

// Meaning is what a response says about a request and its upload.
type Meaning uint8

// The meanings. "Request" stands for the one that the response answers, and "-13" for the
// draft with version 10.
const (
	// Ignored is an interim response that says nothing: its status is not 104, it is for
	// another version (-13, appendix B), or its fields are missing or void.
	Ignored Meaning = iota

	// Announced is a 104 with the URL of the upload, which is valid from now on, also if
	// the request fails (-13, section 5). It may have an offset.
	Announced

	// Progressed is a 104 with the offset of the server (-13, section 5).
	Progressed

	// Created is the success of a creation that does not complete the upload (-13, section
	// 4.2.1).
	Created

	// Appended is the success of an append that does not complete the upload (-13, section
	// 4.4.2).
	Appended

	// Retrieved is the state of an incomplete upload (-13, section 4.3). An upload whose
	// offset is its length is not complete before a request says so (section 4.1.3).
	Retrieved

	// Removed is the success of DELETE (-13, section 4.5).
	Removed

	// Supported is a success of OPTIONS with Upload-Limit (-13, section 4.1.4): the
	// resource can create uploads.
	Supported

	// Ordinary is a success of a creation or of OPTIONS without any sign of the protocol.
	// The server has ignored the fields of the request: a creation that is Complete has
	// succeeded as an ordinary request (-13, section 10.1.1).
	Ordinary

	// Final is the response of the resource that the creation was sent to, a success or
	// not (-13, section 4.1.2). The upload cannot be resumed.
	Final

	// Completed means that the upload is complete and that its final response was sent
	// before: the state of a complete upload, or a problem that says so. A server may
	// repeat the final response to an append that is valid (-13, section 4.4.2).
	Completed

	// Partial is a success after which the server does not have all bytes of the request,
	// or does not have them all for certain, or has not completed the upload as the
	// request asked. HEAD tells the offset.
	Partial

	// Mismatched is a refusal because the server has another offset than the request (-13,
	// section 4.4.2). If the offset is not known, HEAD tells it (section 4.7).
	Mismatched

	// Relocated is a response whose Location differs from that of a 104 to the same
	// request. The client should cancel the upload (-13, section 4.2.2).
	Relocated

	// Malformed is a success without the fields that the protocol demands, or with
	// fields that contradict each other. A creation may have made an upload whose URL is
	// not known.
	Malformed

	// TooLarge is a 413: a smaller request can succeed (-13, section 4.1.4).
	TooLarge

	// Throttled is a 429: the same request can succeed later (-13, section 4.7).
	Throttled

	// Locked means that another request holds the upload: a 423, or a 409 to HEAD and
	// DELETE, which name no offset. The drafts do not mention it.
	Locked

	// Failed is a 5xx, 408 or 425: the request can be retried, or the upload resumed (-13,
	// section 4.7).
	Failed

	// Gone is a 404 or 410 of an upload resource.
	Gone

	// Redirected is a 3xx that does not complete the upload. Only 307 and 308 keep the
	// method.
	Redirected

	// Refused is any other error. A retry does not help.
	Refused

	// OtherProtocol is a response with Tus-Resumable, whatever else it says: the server
	// speaks tus, and did nothing.
	OtherProtocol
)

var meanings = [...]string{
	Ignored: "ignored", Announced: "announced", Progressed: "progressed", Created: "created", Appended: "appended",
	Retrieved: "retrieved", Removed: "removed", Supported: "supported", Ordinary: "ordinary", Final: "final",
	Completed: "completed", Partial: "partial", Mismatched: "mismatched", Relocated: "relocated",
	Malformed: "malformed", TooLarge: "too large", Throttled: "throttled", Locked: "locked", Failed: "failed",
	Gone: "gone", Redirected: "redirected", Refused: "refused", OtherProtocol: "other protocol",
}

// String returns the name of the meaning in lower case.
func (m Meaning) String() string {
	if int(m) >= len(meanings) {
		return "unknown"
	}
	return meanings[m]
}

// Exchange is the request that a response answers.
type Exchange struct {
	// Version is the version of the request.
	Version Version

	// Op is the kind of request: protocol.OpOptions, OpCreate, OpHead, OpPatch or
	// OpTerminate.
	Op protocol.Op

	// Complete means that the request is a creation or an append that completes the upload.
	Complete bool

	// End is the offset after the content of a creation or an append. The zero value: the
	// response came before all content was sent, or no response is expected to tell it.
	End protocol.Length

	// Location is the Location of the first 104 to the same request. "": there was none.
	Location string
}

// Verdict is what a response means.
type Verdict struct {
	Meaning Meaning

	// Offset is the offset of the server as of this response. The zero value: the response
	// does not say it, or says it in a way that does not count. Offsets never decrease
	// (-13, section 4.1.1), so a lower one than before is an error of the server.
	Offset protocol.Length
}
