package conformance

import (
	"encoding/json"

	"github.com/tusker-go/tusker/protocol"
)

type reportJSON struct {
	Protocol   string               `json:"protocol"`
	Endpoint   string               `json:"endpoint"`
	Obstacle   string               `json:"obstacle,omitempty"`
	Extensions []protocol.Extension `json:"extensions"`
	Requests   int                  `json:"requests"`
	Left       int                  `json:"left"`
	Rules      []ruleJSON           `json:"rules"`
	Totals     totalsJSON           `json:"totals"`
}

type ruleJSON struct {
	ID        string             `json:"id"`
	Section   string             `json:"section"`
	Extension protocol.Extension `json:"extension"`
	Level     Level              `json:"level"`
	Status    Status             `json:"status"`
	Why       string             `json:"why,omitempty"`

	Unanswered bool `json:"unanswered,omitempty"`

	Sent string `json:"sent"`
	Got  string `json:"got"`
}

type totalsJSON struct {
	Total
	Extensions map[protocol.Extension]Total `json:"extensions"`
}

// MarshalJSON implements [json.Marshaler]. The object has the members protocol ("tus" or,
// for example, "rufh/10"), endpoint, extensions (those that a tus server announced),
// requests, left, rules and totals. Each
// element of rules has id, section, extension, level, status, sent and got.
// totals has pass, fail, warn, skip and unable, and extensions with the same
// members for each extension. obstacle, and why and unanswered of a rule, are
// omitted if they are empty.
func (r Report) MarshalJSON() ([]byte, error) {
	out := reportJSON{
		Protocol: r.Protocol.String(), Endpoint: r.Endpoint, Extensions: r.Capabilities.Extensions, Requests: r.Requests, Left: r.Left,
		Rules:  make([]ruleJSON, len(r.Results)),
		Totals: totalsJSON{Total: r.Total(), Extensions: make(map[protocol.Extension]Total)},
	}
	if out.Extensions == nil {
		out.Extensions = []protocol.Extension{}
	}
	if r.Obstacle != nil {
		out.Obstacle = r.Obstacle.Error()
	}
	for i, x := range r.Results {
		out.Rules[i] = ruleJSON{
			ID: x.ID, Section: x.Section, Extension: x.Extension, Level: x.Level,
			Status: x.Status, Why: x.Why, Unanswered: x.Unanswered, Sent: x.Sent, Got: x.Got,
		}
	}
	for _, t := range r.Totals() {
		out.Totals.Extensions[t.Extension] = t.Total
	}
	return json.Marshal(out)
}
