package record

import (
	"context"
	"fmt"
	"time"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/address"
	"github.com/tusker-go/tusker/client/journal"
)

// restart is why an upload starts over although there is a record.
type restart struct {
	text string
	err  error // nil: there is no error to test for
}

func (r *restart) Error() string { return r.text }
func (r *restart) Unwrap() error { return r.err }

// unusable is the reason if the record of an upload cannot be used.
func unusable(err error) error {
	return &restart{"the record of the earlier upload cannot be used: " + err.Error(), err}
}

// superseded returns why the upload has no record although there is one of the same place, or
// nil if there is none, or if the store cannot find it. If the store fails, only the reason
// is lost.
func superseded(ctx context.Context, store journal.Store, up Upload) error {
	suffix := placeSuffix(up.Place)
	lister, ok := store.(journal.SuffixLister)
	if !ok || suffix == "" {
		return nil
	}
	ctx, cancel := Deadline(ctx)
	defer cancel()
	var earlier []*journal.Record
	for r, err := range lister.ListSuffix(ctx, suffix) {
		if err == nil && r != nil {
			earlier = append(earlier, r)
		}
	}
	return whySuperseded(earlier, up)
}

// whySuperseded returns why none of the records of a place is that of the upload. Records of
// other endpoints do not count, because another server never had the upload.
func whySuperseded(earlier []*journal.Record, up Upload) error {
	var latest *journal.Record
	otherAccount := false
	for _, r := range earlier {
		switch {
		case r.Endpoint != address.WithoutQuery(up.Endpoint):
		case r.Account != up.Account:
			otherAccount = true
		case latest == nil || latest.Updated.Before(r.Updated):
			latest = r
		}
	}
	switch {
	case latest != nil:
		return changedSince(latest, up.Length)
	case otherAccount:
		return &restart{text: "the earlier upload belongs to another account"}
	}
	return nil
}

func changedSince(r *journal.Record, now int64) error {
	text := "it has changed since " + r.Updated.UTC().Format(time.DateTime) + " UTC"
	if was, known := r.Length.Int64(); known && was != now {
		text += fmt.Sprintf(" (size %d → %d)", was, now)
	}
	return &restart{text, failure.ErrSourceChanged}
}
