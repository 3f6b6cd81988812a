package client

import (
	"context"
	"errors"
	"log/slog"
)

// Recorded is the record that Config.Store has of an unfinished upload of src
// to Endpoint: what Upload would go on with. Neither is it locked nor the
// server asked. It is false where there is none, or none that Upload can use: one
// that is damaged or of a newer version is a warning in the log. It is false too
// where src is none that is recorded. The error Is [ErrSource], [ErrNoEndpoint],
// or one of the store.
func (c *Client) Recorded(ctx context.Context, src Source) (Record, bool, error) {
	if _, ok := src.(*streamSource); ok {
		return Record{}, false, nil // to open it would use it up
	}
	t, err := c.begin(src, job{})
	if err != nil {
		return Record{}, false, err
	}
	defer t.close(ctx)
	endpoint, err := c.creationURL()
	if err != nil {
		return Record{}, false, err
	}
	n, known := t.size().Int64()
	key := t.key(endpoint)
	if c.store == nil || !known || n <= smallUpload || key == "" {
		return Record{}, false, nil
	}
	j := &journal{store: c.store, log: c.log, key: key, account: c.account}
	switch err := j.load(ctx, endpoint, n); {
	case err == nil:
		return j.record, true, nil
	case errors.Is(err, ErrNoRecord), errors.Is(err, errUnfit):
		return Record{}, false, nil
	case errors.Is(err, ErrRecordDamaged), errors.Is(err, ErrRecordVersion):
		j.log.LogAttrs(ctx, slog.LevelWarn, "record of an earlier upload not used", slog.Any("err", err))
		return Record{}, false, nil
	default:
		return Record{}, false, err
	}
}
