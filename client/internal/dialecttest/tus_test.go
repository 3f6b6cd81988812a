package dialecttest_test

import (
	"strconv"
	"testing"

	"github.com/tusker-go/tusker/client/internal/dialect"
	"github.com/tusker-go/tusker/client/internal/dialecttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/client/internal/tus"
	"github.com/tusker-go/tusker/client/internal/wire"
)

func TestTus(t *testing.T) {
	const version = "Tus-Resumable"
	dialecttest.Run(t, dialecttest.Frontend{
		New: func(conn *wire.Conn) dialect.Dialect {
			return (&tus.Server{Conn: conn}).New(tus.Options{Endpoint: conn.Address()})
		},
		Refuse: func(why dialecttest.Refusal) fake.Action {
			switch why {
			case dialecttest.Gone:
				return fake.Status(404, "ERR_UPLOAD_NOT_FOUND: upload not found", version, "1.0.0")
			case dialecttest.Conflict:
				return fake.Status(409, "ERR_MISMATCHED_OFFSET: mismatched offset", version, "1.0.0")
			case dialecttest.Locked:
				return fake.Status(423, "ERR_UPLOAD_LOCKED: file currently locked", version, "1.0.0")
			case dialecttest.Busy:
				return fake.Status(503, "", "Retry-After", strconv.Itoa(dialecttest.BusyFor))
			case dialecttest.Failed:
				return fake.Status(500, "ERR_INTERNAL_SERVER_ERROR: no", version, "1.0.0")
			case dialecttest.Denied:
				return fake.Status(403, "no", version, "1.0.0")
			default:
				return fake.Status(400, "ERR_UPLOAD_REJECTED: no", version, "1.0.0")
			}
		},
	})
}
