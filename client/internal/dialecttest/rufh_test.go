package dialecttest_test

import (
	"net/http"
	"strconv"
	"testing"

	"github.com/tusker-go/tusker/client/internal/dialect"
	"github.com/tusker-go/tusker/client/internal/dialecttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	driver "github.com/tusker-go/tusker/client/internal/rufh"
	"github.com/tusker-go/tusker/client/internal/wire"
	"github.com/tusker-go/tusker/protocol/rufh"
)

func TestRUFH(t *testing.T) {
	for v := rufh.Oldest; v <= rufh.Newest; v++ {
		t.Run(v.String(), func(t *testing.T) { runRUFH(t, v) })
	}
}

func runRUFH(t *testing.T, v rufh.Version) {
	t.Helper()
	field := func(value string) (name, text string) {
		if v == 3 {
			value = map[string]string{"?0": "?1", "?1": "?0"}[value]
		}
		return v.HeaderComplete(), value
	}
	incomplete, no := field("?0")
	complete, yes := field("?1")
	dialecttest.Run(t, dialecttest.Frontend{
		Server: fake.Config{Frontend: func(s *fake.Store) http.Handler { return rufhServer{s, v} }},
		New: func(conn *wire.Conn) dialect.Dialect {
			return newRUFH(conn, v)
		},
		Refuse: func(why dialecttest.Refusal) fake.Action {
			switch why {
			case dialecttest.Gone:
				return fake.Status(404, "")
			case dialecttest.Conflict:
				return fake.Status(409, "", incomplete, no)
			case dialecttest.Locked:
				return fake.Status(423, "")
			case dialecttest.Busy:
				return fake.Status(503, "", "Retry-After", strconv.Itoa(dialecttest.BusyFor))
			case dialecttest.Failed:
				return fake.Status(500, "", incomplete, no)
			case dialecttest.Denied:
				return fake.Status(403, "", incomplete, no)
			default:
				return fake.Status(422, "", complete, yes)
			}
		},
		Known: true, Replays: v.HasFinalResponse(), StrictEnd: v >= 10,
		Lacks: map[dialecttest.Feature]string{dialecttest.Joining: "the drafts have no uploads of parts"},
	})
}

func newRUFH(conn *wire.Conn, v rufh.Version) dialect.Dialect {
	return (&driver.Server{Conn: conn}).New(driver.Options{Version: v, Endpoint: conn.Address()})
}
