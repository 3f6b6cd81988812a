// Package retryablehttp is a transport.Doer on
// github.com/hashicorp/go-retryablehttp that retries where it is safe to.
//
// Retried are OPTIONS and HEAD without a body. All other requests pass exactly
// once, and so does any request whose context transport.IsSingleAttempt
// reports: whether the bytes of a POST or a PATCH have arrived is known to the
// server alone, and the client that sent them asks it before it goes on. So
// tries of two layers never multiply.
//
// No body is buffered. An answer is never turned into an error: when the tries
// are used up, the last answer is returned with its status, headers and body.
package retryablehttp
