package client_test

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/retry"
)

// An unfinished upload is resumed only for the account that began it. An upload without an
// account is resumed only without an account.
func TestRecordOfAnotherAccount(t *testing.T) {
	tests := map[string]struct {
		began, runs string
		resumes     bool
	}{
		"the same":       {"a", "a", true},
		"another":        {"a", "b", false},
		"none, then one": {"", "a", false},
		"one, then none": {"a", "", false},
		"none":           {"", "", true},
		"case":           {"a", "A", false},
	}
	for name, test := range tests {
		for _, parallel := range []int{1, 2} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var store client.MemoryStore
					var broken atomic.Bool
					s := fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
						if broken.Load() && r.Method == http.MethodPatch {
							fake.Cut(7)(w, r, next)
						}
						next.ServeHTTP(w, r)
					}})
					name := clienttest.WriteFile(t, clienttest.Noise(2<<20))
					opts := &client.UploadOptions{Parallel: parallel}
					cfg := client.Config{Store: &store, Retry: retry.Never, Account: test.began}
					broken.Store(true)
					_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), opts)
					clienttest.WantErrorIs(t, err, retry.ErrExhausted)
					broken.Store(false)
					before := clienttest.OnlyRecord(t, &store)
					if before.Account != test.began {
						t.Errorf("record of account %q, want %q", before.Account, test.began)
					}
					cfg.Account = test.runs
					c := clienttest.NewClient(t, s, cfg)
					if _, found, err := clienttest.Unfinished(t.Context(), c, clienttest.PathSource(t, name)); found != test.resumes || err != nil {
						t.Errorf("record found: %t, error %v, want %t and no error", found, err, test.resumes)
					}
					already := len(s.Seen())
					if _, err := c.Upload(t.Context(), clienttest.PathSource(t, name), opts); err != nil {
						t.Fatal(err)
					}
					if test.resumes {
						clienttest.WantNoRecord(t, &store)
						return
					}
					for _, r := range s.Seen()[already:] {
						if strings.HasPrefix(r, http.MethodHead) {
							t.Errorf("%s: a HEAD was sent for the upload of another account", r)
						}
					}
					if diff := cmp.Diff(before, clienttest.OnlyRecord(t, &store)); diff != "" {
						t.Errorf("record (-before +after):\n%s", diff)
					}
				})
			})
		}
	}
}

// A file that one account has sent is sent again for another one.
func TestSentByAnotherAccount(t *testing.T) {
	for name, test := range map[string]struct {
		first, second string
		skips         bool
	}{
		"the same": {"a", "a", true}, "another": {"a", "b", false}, "none, then one": {"", "a", false},
		"one, then none": {"a", "", false}, "none": {"", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			m := &clienttest.Ledger{}
			name := clienttest.WriteFile(t, "hello")
			first := clienttest.UploadFile(t, s, client.Config{Ledger: m, Account: test.first}, name)
			cfg := client.Config{Ledger: m, Account: test.second}
			if _, sent, err := clienttest.Finished(t.Context(), clienttest.NewClient(t, s, cfg), clienttest.PathSource(t, name)); sent != test.skips || err != nil {
				t.Errorf("record of the finished upload found: %t, error %v, want %t and no error", sent, err, test.skips)
			}
			res := clienttest.UploadFile(t, s, cfg, name)
			if res.Skipped != test.skips || (res.URL == first.URL) != test.skips {
				t.Errorf("result %+v, URL of the first upload %s, want Skipped %t, and the same URL only then", res, first.URL, test.skips)
			}
			// The file is still skipped for the first account.
			if res := clienttest.UploadFile(t, s, client.Config{Ledger: m, Account: test.first}, name); !res.Skipped || res.URL != first.URL {
				t.Errorf("result %+v, want %s skipped", res, first.URL)
			}
		})
	}
}

// A record of another account is not used, even if the store returns it for the right key.
func TestAccountOfRecordCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		name := clienttest.WriteFile(t, "hello")
		m := &clienttest.Ledger{Alter: func(r *client.Record) { r.Account = "b" }}
		cfg := client.Config{Ledger: m, Account: "a"}
		first := clienttest.UploadFile(t, s, cfg, name)
		if res := clienttest.UploadFile(t, s, cfg, name); res.Skipped || res.URL == first.URL {
			t.Errorf("result %+v, want Skipped false and URL not %q", res, first.URL)
		}

		big := clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))
		var store client.MemoryStore
		cfg = clienttest.RecordingConfig(&store, nil)
		cfg.Account = "a"
		s.On(http.MethodPatch, fake.Cut(7))
		_, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, big), nil)
		clienttest.WantErrorIs(t, err, retry.ErrExhausted)
		r := clienttest.OnlyRecord(t, &store)
		r.Account = "b"
		if err := store.Save(t.Context(), &r); err != nil {
			t.Fatal(err)
		}
		if _, found, err := clienttest.Unfinished(t.Context(), clienttest.NewClient(t, s, cfg), clienttest.PathSource(t, big)); found || err != nil {
			t.Errorf("record found: %t, error %v, want false and no error", found, err)
		}
	})
}

// The name of an account must be short and printable, in a Config and in a record.
func TestAccountBounds(t *testing.T) {
	for name, ok := range map[string]bool{
		"": true, "a@b.example": true, "Zoë Ωμέγα": true, strings.Repeat("x", 256): true,
		strings.Repeat("x", 257): false, "a\nb": false, "a\x1b[31m": false, "a\u202eb": false, "\xff": false,
	} {
		_, err := client.New(client.Config{Account: name})
		if got := err == nil; got != ok || err != nil && !errors.Is(err, client.ErrInvalidOption) {
			t.Errorf("New with %q: error %v, want success: %t, else ErrInvalidOption", name, err, ok)
		}
		err = (&client.Record{Key: "k", URL: "http://h/1", Account: name}).Validate()
		if got := err == nil; got != ok || err != nil && !errors.Is(err, client.ErrInvalidRecord) {
			t.Errorf("Validate with %q: error %v, want success: %t, else ErrInvalidRecord", name, err, ok)
		}
	}
}
