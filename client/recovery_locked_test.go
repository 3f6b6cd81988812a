package client_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/retry"
)

var locked = fake.Status(http.StatusLocked, "ERR_UPLOAD_LOCKED: file currently locked\n")

func TestLocked(t *testing.T) {
	const patch, head = http.MethodPatch, http.MethodHead
	tests := map[string]struct {
		action  fake.Action
		methods []string
	}{
		"423":                    {locked, []string{patch}},
		"423 without words":      {fake.Status(423, ""), []string{patch}},
		"423 to HEAD too":        {locked, []string{patch, head}},
		"423 that names a wait":  {fake.Status(423, "", "Retry-After", "60"), []string{patch}},
		"409 of a lock":          {fake.Status(409, "The upload is locked by another request"), []string{patch}},
		"409 of an update":       {fake.Status(409, `{"message":"Video is currently being updated"}`), []string{patch}},
		"503 of a lock":          {fake.Status(503, "Lock timeout"), []string{patch}},
		"503 of a lock and wait": {fake.Status(503, "Lock timeout", "Retry-After", "60"), []string{patch}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{Hook: clienttest.During(time.Minute, test.action, test.methods...)})
				began := time.Now()
				var events []client.Event
				res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.TextSource(t, "hello"),
					&client.UploadOptions{OnEvent: clienttest.RecordEvents(&events)})
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, "hello")
				if took := time.Since(began); took < time.Minute || took > 65*time.Second {
					t.Errorf("took %v, want at least %v and at most %v", took, time.Minute, 65*time.Second)
				}
				if res.Retries <= retry.DefaultMaxAttempts {
					t.Errorf("%d retries, want more than other failures have", res.Retries)
				}
				for i, wait := range clienttest.RetryWaits(events) {
					if wait < time.Second || wait > 5*time.Second {
						t.Errorf("wait %d is %v, want at least %v and at most %v", i+1, wait, time.Second, 5*time.Second)
					}
				}
			})
		})
	}
}

func TestLockedForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{Hook: clienttest.During(time.Hour, locked, http.MethodPatch)})
		s.On(http.MethodPatch, nil)
		began := time.Now()
		res, err := clienttest.NewClient(t, s, client.Config{ChunkSize: 2}).Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
		clienttest.WantErrorIs(t, err, retry.ErrExhausted, protocol.ErrLocked)
		if e := clienttest.ErrorOf(t, err); e.Class != client.ClassLocked {
			t.Errorf("class %v, want %v", e.Class, client.ClassLocked)
		}
		if took := time.Since(began); took < 85*time.Second || took > 90*time.Second {
			t.Errorf("gave up after %v, want at least %v and at most %v", took, 85*time.Second, 90*time.Second)
		}
		if res.URL != s.URL+"1" || res.Offset != 2 {
			t.Errorf("result %+v, want URL %q and Offset 2", res, s.URL+"1")
		}
	})
}

// After progress, the upload may be locked for the whole time of Config.Locked again.
func TestLockBudgetRestartsAfterProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var until time.Time
		s := fake.New(t, fake.Config{Hook: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			switch {
			case r.Method != http.MethodPatch:
				next.ServeHTTP(w, r)
			case time.Now().Before(until):
				locked(w, r, next)
			default:
				until = time.Now().Add(time.Minute)
				next.ServeHTTP(w, r)
			}
		}})
		began := time.Now()
		res, err := clienttest.NewClient(t, s, client.Config{ChunkSize: 1}).Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, "hello")
		if took := time.Since(began); took < 4*time.Minute {
			t.Errorf("took %v, want at least %v", took, 4*time.Minute)
		}
	})
}

func TestBudgetsOfLocksAndOtherFailures(t *testing.T) {
	var (
		broken = fake.Status(500, "broken\n")
		times  = func(n int, a fake.Action) []fake.Action { return slices.Repeat([]fake.Action{a}, n) }
		mixed  = func(n int) []fake.Action {
			return slices.Repeat(append(times(5, locked), broken), n)
		}
	)
	tests := map[string]struct {
		retry retry.Policy
		patch []fake.Action
		is    error
	}{
		"locked, then broken":               {clienttest.RetryEachSecond(3), append(times(12, locked), times(3, broken)...), nil},
		"broken, then locked":               {clienttest.RetryEachSecond(3), append(times(3, broken), times(12, locked)...), nil},
		"by turns":                          {clienttest.RetryEachSecond(3), mixed(3), nil},
		"by turns, broken too often":        {clienttest.RetryEachSecond(3), mixed(4), protocol.ErrServer},
		"locked again after a long failure": {retry.Delays(time.Minute), slices.Concat(times(12, locked), times(1, broken), times(12, locked)), nil},
		"time spent locked is not counted":  {retry.Delays(time.Second), append(times(15, locked), broken), nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				s.On(http.MethodPatch, test.patch...)
				res, err := clienttest.NewClient(t, s, client.Config{Retry: test.retry}).Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
				if test.is != nil {
					clienttest.WantErrorIs(t, err, retry.ErrExhausted, test.is)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if res.Retries != len(test.patch) {
					t.Errorf("%d retries, want %d", res.Retries, len(test.patch))
				}
				clienttest.WantStored(t, s, res.URL, "hello")
			})
		})
	}
}

func TestLockedWithoutRetries(t *testing.T) {
	never := &client.UploadOptions{Retry: retry.Never}
	tests := map[string]struct {
		config client.Config
		opts   *client.UploadOptions
	}{
		"UploadOptions.Retry is Never":         {client.Config{}, never},
		"UploadOptions.Retry wins over Locked": {client.Config{Locked: clienttest.RetryEachSecond(3)}, never},
		"Config.Retry is Never":                {client.Config{Retry: retry.Never}, nil},
		"Config.Retry wins over Locked":        {client.Config{Retry: retry.Never, Locked: clienttest.RetryEachSecond(3)}, nil},
		"Locked is Never":                      {client.Config{Locked: retry.Never}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				url := s.Put("he", protocol.Known(5), nil)
				s.On(http.MethodPatch, locked)
				began := time.Now()
				res, err := clienttest.NewClient(t, s, test.config).Resume(t.Context(), url, clienttest.TextSource(t, "hello"), test.opts)
				clienttest.WantErrorIs(t, err, retry.ErrExhausted, protocol.ErrLocked)
				clienttest.WantRequests(t, s, "HEAD /files/1", "PATCH /files/1 2+3")
				if took := time.Since(began); took != 0 || res.Retries != 0 {
					t.Errorf("%d retries in %v, want Retries 0 and 0", res.Retries, took)
				}
			})
		})
	}
}

func TestConfigLocked(t *testing.T) {
	for _, n := range []int{2, 3} {
		synctest.Test(t, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			s.On(http.MethodPatch, slices.Repeat([]fake.Action{locked}, n)...)
			began := time.Now()
			_, err := clienttest.NewClient(t, s, client.Config{Locked: retry.Delays(time.Minute, time.Hour)}).Upload(t.Context(), clienttest.TextSource(t, "hello"), nil)
			if took := time.Since(began); took != time.Hour+time.Minute {
				t.Errorf("locked %d times: took %v, want %v", n, took, time.Hour+time.Minute)
			}
			if gaveUp := errors.Is(err, retry.ErrExhausted); gaveUp != (n == 3) || err != nil && !gaveUp {
				t.Errorf("locked %d times: error %v, want ErrExhausted: %t", n, err, n == 3)
			}
		})
	}
}
