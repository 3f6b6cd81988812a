package faults

import (
	"net/http"
	"strings"

	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/testserver/rufhserver"
)

// interimActions are the actions for RUFH, which tus does not have.
var interimActions = []action{
	{
		name: "no-104", doc: "the 104 does not arrive, as through h2o and older proxies",
		rufh: func(*words) (testserver.Action, error) { return rufhserver.NoInterim(), nil },
	},
	{
		name: "late-104", args: "SIZE", doc: "the 104 arrives after SIZE of the body, as through Apache",
		rufh: func(w *words) (testserver.Action, error) { return made(rufhserver.LateInterim)(w.size()) },
	},
	{
		name: "flood-104", args: "NUMBER", doc: "each 104 arrives NUMBER times",
		rufh: func(w *words) (testserver.Action, error) { return made(rufhserver.FloodInterim)(w.number()) },
	},
	{
		name: "header-104", args: "NAME VALUE", doc: "sets a header of each 104, such as another interop version or Location",
		rufh: parseInterimHeader,
	},
	{
		name: "nginx-104", doc: "over HTTP/2, the request is carried out and ends after its 104, as through nginx",
		rufh: func(*words) (testserver.Action, error) { return rufhserver.AsNginx(), nil },
	},
	{
		name: "early-final", args: "SIZE CODE [WORDS...]", doc: "completes the upload after SIZE of the body, with an answer that does not wait for the rest",
		rufh: parseEarlyFinal,
	},
	{
		name: "offset-only", doc: "HEAD tells the offset, and neither completeness nor length, as draft -13 allows",
		rufh: func(*words) (testserver.Action, error) { return rufhserver.OffsetOnly(), nil },
	},
	{
		name: "no-offset", doc: "the answer does not tell the offset, as tusd's 409",
		rufh: func(*words) (testserver.Action, error) { return rufhserver.NoOffset(), nil },
	},
}

func parseInterimHeader(w *words) (testserver.Action, error) {
	name, err := w.headerName()
	if err != nil || len(*w) == 0 {
		return nil, orMissing(err, "VALUE")
	}
	return rufhserver.InterimHeader(http.CanonicalHeaderKey(name), strings.TrimSpace(w.rest())), nil
}

func parseEarlyFinal(w *words) (testserver.Action, error) {
	n, err := w.size()
	if err != nil {
		return nil, err
	}
	code, err := w.status(200, 599)
	if err != nil {
		return nil, err
	}
	return rufhserver.EarlyFinal(n, code, w.rest()), nil
}
