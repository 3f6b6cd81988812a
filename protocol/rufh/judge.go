package rufh

import "github.com/tusker-go/tusker/protocol"

// Judge returns what r means as a response to x. It follows the rules for clients of the
// version of x (-13, sections 4.2.1, 4.3.1, 4.4.1 and 4.7).
func Judge(x Exchange, r Response) Verdict {
	switch {
	case r.Status/100 == 1:
		return interim(x, r)
	case r.Tus:
		return Verdict{Meaning: OtherProtocol}
	case x.sends() && r.Complete == Complete && (x.Version.edition().early || x.Complete || !r.success()):
		return Verdict{Meaning: Final}
	case r.success():
		return success(x, r)
	case r.Problem.Type == ProblemCompletedUpload:
		return Verdict{Meaning: Completed}
	}
	return failure(x, r)
}

// sends reports whether the request can have content of an upload.
func (x Exchange) sends() bool { return x.Op == protocol.OpCreate || x.Op == protocol.OpPatch }

func (r Response) success() bool { return r.Status/100 == 2 }

// known reports whether r has a sign that its server knows the protocol.
func (r Response) known() bool {
	return r.Version != 0 || r.Complete != Unstated || isKnown(r.Offset) || isKnown(r.Length) || r.Limits != nil
}

func isKnown(n protocol.Length) bool {
	_, known := n.Int64()
	return known
}

// beyond reports whether both numbers are known, and a is larger.
func beyond(a, b protocol.Length) bool {
	m, known := a.Int64()
	n, too := b.Int64()
	return known && too && m > n
}

// interim judges a 1xx.
func interim(x Exchange, r Response) Verdict {
	if r.Status != StatusResumptionSupported || r.Version != x.Version || !x.sends() {
		return Verdict{}
	}
	offset := r.Offset
	if !x.Version.edition().progress {
		offset = protocol.Length{}
	}
	switch {
	case x.Op == protocol.OpCreate && r.Location != "" && x.Location != "" && r.Location != x.Location:
		return Verdict{Meaning: Relocated}
	case x.Op == protocol.OpCreate && r.Location != "":
		return Verdict{Announced, offset}
	case isKnown(offset):
		return Verdict{Progressed, offset}
	}
	return Verdict{}
}

// success judges a 2xx.
func success(x Exchange, r Response) Verdict {
	switch x.Op {
	case protocol.OpOptions:
		if r.Limits == nil {
			return Verdict{Meaning: Ordinary}
		}
		return Verdict{Meaning: Supported}
	case protocol.OpTerminate:
		return Verdict{Meaning: Removed}
	case protocol.OpHead:
		return state(r)
	}
	switch {
	case x.Op == protocol.OpCreate && !r.known() && x.Location == "" && (x.Complete || r.Location == ""):
		return Verdict{Meaning: Ordinary}
	case x.Complete:
		return completing(x, r)
	}
	return continuing(x, r)
}

// state judges the success of HEAD.
func state(r Response) Verdict {
	switch {
	case r.Complete == Complete:
		return Verdict{Completed, r.Offset}
	case !isKnown(r.Offset), beyond(r.Offset, r.Length):
		return Verdict{Meaning: Malformed}
	}
	return Verdict{Retrieved, r.Offset}
}

// completing judges a success of a request that completes the upload, if it does not say so
// itself. A creation with all bytes is complete after any success up to version 9, and an append up
// to version 7: since draft -10, an append is complete only if the response says so.
func completing(x Exchange, r Response) Verdict {
	switch {
	case x.Version.edition().explicit:
		return Verdict{Meaning: Malformed}
	case r.Complete == Incomplete, !isKnown(x.End), isKnown(r.Offset) && r.Offset != x.End:
		return Verdict{Partial, r.Offset}
	case r.isAmbiguous():
		return Verdict{Meaning: Malformed}
	case x.Op == protocol.OpPatch && !isKnown(r.Offset):
		// Every version demands a field here: Upload-Offset up to 6, Upload-Complete since 7.
		return Verdict{Meaning: Malformed}
	case x.Op == protocol.OpPatch && x.Version.edition().explicitAppend:
		return Verdict{Partial, r.Offset}
	}
	return Verdict{Meaning: Final}
}

// isAmbiguous reports whether a success does not say that the request as a whole succeeded: a
// 206 answers a Range, which no request of an upload has (RFC 9110, section 15.3.7), and the
// content of a 207 can have failures (RFC 4918, section 13).
func (r Response) isAmbiguous() bool { return r.Status == 206 || r.Status == 207 }

// continuing judges a success of a request that does not complete the upload. Up to version
// 6, "?1" means nothing here: the drafts with the versions 4 to 6 demand it by mistake.
func continuing(x Exchange, r Response) Verdict {
	done := Appended
	switch {
	case x.Op == protocol.OpPatch:
		if r.Complete == Unstated && !isKnown(r.Offset) {
			return Verdict{Meaning: Malformed}
		}
	case r.Location == "" && x.Location == "":
		return Verdict{Meaning: Malformed}
	case r.Location != "" && x.Location != "" && r.Location != x.Location:
		return Verdict{Meaning: Relocated}
	default:
		done = Created
	}
	if !isKnown(x.End) || isKnown(r.Offset) && r.Offset != x.End {
		return Verdict{Partial, r.Offset}
	}
	return Verdict{done, x.End}
}

// failure judges every status that is neither interim nor a success.
func failure(x Exchange, r Response) Verdict {
	var offset protocol.Length
	if x.sends() && (r.Complete == Incomplete || !x.Version.edition().explicit) {
		offset = r.Offset
	}
	switch {
	case r.Status/100 == 3:
		return Verdict{Redirected, offset}
	case r.Status == 404 || r.Status == 410:
		if x.Op == protocol.OpCreate || x.Op == protocol.OpOptions {
			return Verdict{Meaning: Refused}
		}
		return Verdict{Meaning: Gone}
	case r.Status == 409:
		return conflict(x, r, offset)
	case r.Status == 413 && x.sends():
		return Verdict{TooLarge, offset}
	case r.Status == 423:
		return Verdict{Locked, offset}
	case r.Status == 429:
		return Verdict{Throttled, offset}
	case r.Status == 408, r.Status == 425, r.Status/100 == 5:
		return Verdict{Failed, offset}
	}
	return Verdict{Refused, offset}
}

// conflict judges a 409. A creation can be resumed after it if its upload exists.
func conflict(x Exchange, r Response, offset protocol.Length) Verdict {
	switch {
	case x.Op == protocol.OpHead, x.Op == protocol.OpTerminate:
		return Verdict{Meaning: Locked}
	case x.Op == protocol.OpPatch, x.Op == protocol.OpCreate && x.Location != "":
		if !isKnown(offset) && r.Problem.Type == ProblemMismatchingOffset {
			offset = r.Problem.Expected
		}
		return Verdict{Mismatched, offset}
	}
	return Verdict{Refused, offset}
}
