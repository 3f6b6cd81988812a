package client

import (
	"context"
	"errors"
	"log/slog"

	"github.com/tusker-go/tusker/client/internal/record"
)

// LookupResult has the records that the stores of a Client hold of a source.
type LookupResult struct {
	// Unfinished is the record from which Upload would resume, nil if there is none.
	Unfinished *Record

	// Finished is the record of a finished upload, which Upload would skip if the server
	// still has it; nil if there is none.
	Finished *Record
}

// Lookup returns what Config.Store and Config.Ledger have about src. It neither takes a
// lock nor asks the server. Records that Upload would not use are left out; one that is
// damaged or of a newer version causes a warning in the log. Nothing is known about a
// source that no later run could recognize. The error Is [ErrSource], [ErrNoEndpoint], or
// an error of a store.
func (c *Client) Lookup(ctx context.Context, src Source) (LookupResult, error) {
	if isSingleUse(src) {
		return LookupResult{}, nil // a stream can be opened only once
	}
	j, err := c.open(ctx, src, UploadOptions{}, nil, 0)
	if err != nil {
		return LookupResult{}, err
	}
	defer j.close(ctx)
	endpoint, err := c.creationURL()
	if err != nil {
		return LookupResult{}, err
	}
	var result LookupResult
	if result.Finished, err = j.loadFinished(ctx, endpoint); err != nil {
		return LookupResult{}, err
	}
	if result.Finished != nil && result.Finished.Denial.Refused {
		result.Finished = nil
	}
	result.Unfinished, err = j.loadUnfinished(ctx, endpoint)
	return result, err
}

func (j *job) loadUnfinished(ctx context.Context, endpoint string) (*Record, error) {
	if !j.isRecorded() {
		return nil, nil
	}
	up := j.entry(endpoint)
	if up.Key == "" {
		return nil, nil
	}
	r, err := record.Load(ctx, j.store, up)
	switch {
	case err == nil:
		return r, nil
	case record.IsUnusable(err):
		return nil, nil
	case errors.Is(err, ErrRecordDamaged), errors.Is(err, ErrRecordVersion):
		j.rules.Log.LogAttrs(ctx, slog.LevelWarn, "record of an earlier upload not used", slog.Any("err", err))
		return nil, nil
	}
	return nil, err
}
