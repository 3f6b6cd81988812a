package client_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/retry"
)

// A refused part fails each later run. A refused request to join the parts is sent again by
// each run, and its answer counts.
func TestRefusedParts(t *testing.T) {
	tests := map[string]struct {
		method string
		record bool // of the refused part
		asked  int  // requests to join in the second run
	}{
		"part":    {http.MethodPatch, true, 0},
		"joining": {http.MethodPost, false, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var store client.MemoryStore
				s := fake.New(t, fake.Config{})
				name := clienttest.WriteFile(t, clienttest.Noise(2<<20))
				opts := &client.UploadOptions{Parallel: 2}
				hook := denies(422, eicar)
				if test.method == http.MethodPatch {
					s.On(test.method, s.Hang(1000), hook) // the refusal ends the other part
				} else {
					s.On(test.method, nil, nil, hook, hook)
				}
				cfg := client.Config{Store: &store, Retry: retry.Never}
				_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), opts)
				if e := clienttest.ErrorOf(t, err); e.StatusCode != http.StatusUnprocessableEntity || e.Code != "ERR_SCAN" {
					t.Fatalf("error %v, want StatusCode 422 and Code %q", err, "ERR_SCAN")
				}
				refused := 0
				for _, p := range clienttest.OnlyRecord(t, &store).Parts {
					if p.Denial.Refused {
						refused++
					}
				}
				if test.record != (refused == 1) {
					t.Errorf("the record has %d refused parts, want 1: %t", refused, test.record)
				}
				already := len(s.Seen())
				_, err = clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), opts)
				if e := clienttest.ErrorOf(t, err); e.StatusCode != http.StatusUnprocessableEntity || e.Code != "ERR_SCAN" {
					t.Fatalf("error %v, want StatusCode 422 and Code %q", err, "ERR_SCAN")
				}
				if test.record {
					wantRefused(t, err, 422)
				}
				asked := 0
				for _, r := range s.Seen()[already:] {
					switch {
					case r == clienttest.Post:
						asked++
					case !strings.HasPrefix(r, http.MethodHead) && !strings.HasPrefix(r, http.MethodOptions):
						t.Errorf("request %s, want only HEAD and OPTIONS", r)
					}
				}
				if asked != test.asked {
					t.Errorf("%d requests to join, want %d", asked, test.asked)
				}
			})
		})
	}
}

// If the server loses bytes of a finished upload and refuses them later, later runs report the
// refusal and do not skip the file.
func TestRefusedIsNotSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		m := &clienttest.Ledger{}
		name := clienttest.WriteFile(t, "hello")
		cfg := client.Config{Ledger: m, Retry: retry.Never}
		first := clienttest.UploadFile(t, s, cfg, name)
		s.Truncate(first.URL, 2)
		s.On(http.MethodPatch, denies(422, eicar))
		for range 2 {
			res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
			wantRefused(t, err, 422)
			if res.Skipped {
				t.Error("the file was skipped, want it sent")
			}
			if _, sent, err := clienttest.Finished(t.Context(), clienttest.NewClient(t, s, cfg), clienttest.PathSource(t, name)); sent || err != nil {
				t.Errorf("record of the finished upload found: %t, error %v, want false and no error", sent, err)
			}
		}
		cfg.Recreate = client.RecreateAlways
		if res := clienttest.UploadFile(t, s, cfg, name); res.URL == first.URL {
			t.Errorf("result %+v, want another upload", res)
		}
		cfg.Recreate = client.RecreateGone
		if res := clienttest.UploadFile(t, s, cfg, name); !res.Skipped {
			t.Errorf("result %+v, want it skipped", res)
		}
	})
}

// A file that a hook refuses gets no record in the ledger.
func TestRefusedHasNoLedgerRecord(t *testing.T) {
	s := fake.New(t, fake.Config{})
	m := &clienttest.Ledger{}
	s.On(http.MethodPatch, denies(422, eicar))
	_, err := clienttest.NewClient(t, s, client.Config{Ledger: m, Retry: retry.Never}).Upload(t.Context(), clienttest.PathSource(t, clienttest.WriteFile(t, "hello")), nil)
	wantRefused(t, err, 422)
	if len(m.Records) > 0 {
		t.Errorf("finished uploads: %v, want none", m.Records)
	}
}

// The text of a refusal is shortened in a record. A record with a longer text is invalid.
func TestDenialIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		name := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
		s.On(http.MethodPatch, nil, nil, denies(422, "ERR_"+strings.Repeat("X", 3000)+": \xff"+strings.Repeat("é", 3000)))
		_, err := clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		clienttest.WantErrorIs(t, err, client.ErrRefused)
		d := clienttest.OnlyRecord(t, &store).Denial
		if len(d.Words) == 0 || len(d.Words) > 512 || len(d.Code) > 512 {
			t.Errorf("the record has a text of %d bytes and a code of %d bytes, want some in Words, at most 512 in Words and at most 512 in Code", len(d.Words), len(d.Code))
		}
	})
	for name, d := range map[string]client.Denial{
		"status": {StatusCode: 200}, "no status": {Words: "x"}, "words": {StatusCode: 422, Words: strings.Repeat("x", 513)},
		"code": {StatusCode: 422, Code: strings.Repeat("x", 513)}, "UTF-8": {StatusCode: 422, Words: "\xff"},
	} {
		for _, r := range []*client.Record{
			{Key: "k", URL: "http://h/1", Denial: d},
			{Key: "k", Parts: []client.PartRecord{{Denial: d}}},
		} {
			if err := r.Validate(); !errors.Is(err, client.ErrInvalidRecord) {
				t.Errorf("%s: error %v, want %v", name, err, client.ErrInvalidRecord)
			}
		}
	}
}
