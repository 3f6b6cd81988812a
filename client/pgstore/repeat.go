package pgstore

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"
)

// repetitions is how often a statement is tried. It is more than the connections of a pool that a
// restart of the database may have ended.
const repetitions = 20

// Codes of errors after which a statement can be repeated.
const (
	// The database undid the statement because of another one. It does so if its default isolation
	// is stricter than usual.
	serializationFailure, deadlock = "40001", "40P01"

	// The database ended the connection.
	adminShutdown, crashShutdown = "57P01", "57P02"
)

// repeat runs a statement again if the database undid it, or if its connection ended. It does not
// wait for a database that cannot be reached.
func repeat[T any](ctx context.Context, run func() (T, error)) (result T, err error) {
	for range repetitions {
		result, err = run()
		if err == nil || ctx.Err() != nil || !hasCode(err, serializationFailure, deadlock) && !isConnectionLost(err) {
			break
		}
	}
	return result, err
}

// isConnectionLost reports whether a connection ended that had been made.
func isConnectionLost(err error) bool {
	if _, never := errors.AsType[*pgconn.ConnectError](err); never {
		return false
	}
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || pgconn.SafeToRetry(err) ||
		hasCode(err, adminShutdown, crashShutdown)
}

// hasCode reports whether the database failed with one of these codes.
func hasCode(err error, codes ...string) bool {
	failed, ok := errors.AsType[*pgconn.PgError](err)
	return ok && slices.Contains(codes, failed.Code)
}
