package fleet

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Codes of errors of the engine that nats.go does not name.
const (
	codeUnavailable     = 10008 // JetStream is not ready
	codeResources       = 10023 // of the server
	codeNotLeader       = 10009
	codeStorage         = 10047 // of the server
	codeMemory          = 10028
	codeAccount         = 10002 // limits of the account
	codeConsumers       = 10026 // as many as the account may have
	codeStreams         = 10027 // the same
	codeStoreFailed     = 10077 // a limit of the stream, or the disk
	codeStreamOffline   = 10118
	codeTooManyBatches  = 10210
	codeBatchIncomplete = 10176 // such as after a restart in the middle of a batch
)

// engineError returns an error of a call to the engine with what it means for the caller:
// errConflict, ErrNoJob, ErrEngineFull, ErrEngineVersion, ErrUnauthorized or
// ErrEngineUnreachable. Errors that have a meaning already, and those without one, stay as
// they are.
func engineError(err error) error {
	if err == nil {
		return nil
	}
	for _, known := range []error{errConflict, ErrNoJob, ErrEngineFull, ErrEngineVersion, ErrUnauthorized, ErrEngineUnreachable} {
		if errors.Is(err, known) {
			return err
		}
	}
	if meaning := meaningOf(err); meaning != nil {
		return fmt.Errorf("%w: %w", meaning, err)
	}
	return err
}

func meaningOf(err error) error {
	var api *jetstream.APIError
	if errors.As(err, &api) && api != nil {
		return meaningOfAPI(api)
	}
	var js jetstream.JetStreamError
	if errors.As(err, &js) && js.APIError() != nil {
		return meaningOfAPI(js.APIError())
	}
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked),
		errors.Is(err, nats.ErrAccountAuthExpired), errors.Is(err, nats.ErrPermissionViolation):
		return ErrUnauthorized
	case errors.Is(err, nats.ErrTimeout), errors.Is(err, nats.ErrNoResponders), errors.Is(err, nats.ErrNoServers),
		errors.Is(err, nats.ErrConnectionClosed), errors.Is(err, nats.ErrConnectionReconnecting), errors.Is(err, nats.ErrDisconnected),
		errors.Is(err, nats.ErrReconnectBufExceeded), errors.Is(err, nats.ErrStaleConnection),
		errors.Is(err, jetstream.ErrNoStreamResponse), errors.Is(err, context.DeadlineExceeded):
		return ErrEngineUnreachable
	}
	return nil
}

func meaningOfAPI(api *jetstream.APIError) error {
	switch int(api.ErrorCode) {
	case int(jetstream.JSErrCodeStreamWrongLastSequence), int(jetstream.JSErrCodeStreamWrongLastSequenceConstant):
		return errConflict
	case int(jetstream.JSErrCodeStreamNotFound):
		return ErrNoJob
	case int(jetstream.JSErrCodeJetStreamNotEnabled), int(jetstream.JSErrCodeJetStreamNotEnabledForAccount):
		return ErrEngineVersion
	case codeResources, codeStorage, codeMemory, codeAccount, codeConsumers, codeStreams:
		return ErrEngineFull
	case codeStoreFailed:
		if strings.Contains(api.Description, "exceeded") || strings.Contains(api.Description, "space") {
			return ErrEngineFull
		}
		return ErrEngineUnreachable
	case codeUnavailable, codeNotLeader, codeStreamOffline, codeTooManyBatches, codeBatchIncomplete:
		return ErrEngineUnreachable
	}
	if api.Code == http.StatusServiceUnavailable {
		return ErrEngineUnreachable
	}
	return nil
}

// isSilent reports whether the engine has not answered, so that the request is worth a
// repetition.
func isSilent(err error) bool { return errors.Is(engineError(err), ErrEngineUnreachable) }
