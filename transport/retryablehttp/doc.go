// Package retryablehttp is a [transport.Doer] on
// github.com/hashicorp/go-retryablehttp that retries safe requests only.
//
// OPTIONS and HEAD without a body are retried. All other requests are sent
// once, and so is a request whose context [transport.IsSingleAttempt] reports.
// After a failed POST or PATCH, only the server knows which bytes arrived, and
// the client that sent them has to ask the server first. Retries of two layers
// therefore never multiply.
//
// Bodies are not buffered. Answers are not turned into errors: after the last
// attempt, the last answer is returned with its status, headers and body.
package retryablehttp
