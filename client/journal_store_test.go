package client_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
)

// If the store fails, the upload succeeds with a warning that a later run cannot resume it.
func TestStoreFails(t *testing.T) {
	const secret = "s3cret"
	errStore := errors.New("no space left on device")
	tests := map[string]struct {
		fail []string // calls that fail, "save 2" for the second one
		end  fake.Action
		warn string // "": no warning
	}{
		"lock":                   {[]string{"lock 1"}, nil, clienttest.NotResumable},
		"load":                   {[]string{"load 1"}, nil, clienttest.NotResumable},
		"first save":             {[]string{"save 1"}, nil, clienttest.NotResumable},
		"first save, failed run": {[]string{"save 1"}, fake.Status(403, ""), clienttest.NotResumable},
		"last save":              {[]string{"save 2"}, fake.Status(403, ""), "record not updated"},
		"delete":                 {[]string{"delete 1"}, nil, "record of a finished upload not removed"},
		"unlock":                 {[]string{"unlock 1"}, nil, "record not unlocked"},
		"none":                   {nil, nil, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				counts := make(map[string]int)
				store := &clienttest.SpyStore{Store: new(client.MemoryStore)}
				store.Fail = func(method string) error {
					counts[method]++
					for _, fail := range test.fail {
						if call, n, _ := strings.Cut(fail, " "); call == method && counts[method] == int(n[0]-'0') {
							return errStore
						}
					}
					return nil
				}
				s := fake.New(t, fake.Config{Location: func(path string) string { return path + "?token=" + secret }})
				s.On(http.MethodPatch, nil, nil, test.end)
				data := clienttest.Noise(clienttest.RecordedSize)
				var log bytes.Buffer
				res, err := clienttest.NewRecordingClient(t, s, store, &log).Upload(t.Context(), clienttest.PathSource(t, clienttest.WriteFile(t, data)), nil)
				if (err == nil) != (test.end == nil) {
					t.Fatalf("error %v, want success: %t", err, test.end == nil)
				}
				if errors.Is(err, errStore) {
					t.Errorf("the store's error %v ended the upload, want not %v", err, errStore)
				}
				if err == nil {
					clienttest.WantStored(t, s, res.URL, data)
				}
				if test.warn == "" {
					clienttest.WantNoWarning(t, &log)
					return
				}
				line := clienttest.WantLogged(t, &log, slog.LevelWarn, test.warn)
				if !strings.Contains(line, errStore.Error()) {
					t.Errorf("warning %q does not have the reason", line)
				}
				if strings.Contains(log.String(), secret) {
					t.Errorf("a secret is in the log:\n%s", &log)
				}
			})
		})
	}
}

// A store whose calls all fail does not stop an upload.
func TestStoreIsBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &clienttest.SpyStore{Store: new(client.MemoryStore), Fail: func(string) error { return errors.New("stale file handle") }}
		s := fake.New(t, fake.Config{})
		data := clienttest.Noise(clienttest.RecordedSize)
		s.On(http.MethodPatch, nil, fake.Cut(7))
		var log bytes.Buffer
		cfg := clienttest.RecordingConfig(store, &log)
		cfg.Retry = nil
		res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, clienttest.WriteFile(t, data)), nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		clienttest.WantLogged(t, &log, slog.LevelWarn, clienttest.NotResumable)
	})
}

// If the context ends during a call of the store, the upload ends with its cause and sends
// nothing.
func TestCancelledInStore(t *testing.T) {
	for _, method := range []string{"lock", "load"} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				errStop := errors.New("enough")
				ctx, cancel := context.WithCancelCause(t.Context())
				memory := new(client.MemoryStore)
				store := &clienttest.SpyStore{Store: memory}
				store.Fail = func(called string) error {
					if called != method {
						return nil
					}
					cancel(errStop)
					return context.Cause(ctx)
				}
				s := fake.New(t, fake.Config{})
				var log bytes.Buffer
				_, err := clienttest.NewRecordingClient(t, s, store, &log).Upload(ctx, clienttest.PathSource(t, clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize))), nil)
				clienttest.WantErrorIs(t, err, errStop, context.Canceled)
				clienttest.WantRequests(t, s)
				clienttest.WantNoWarning(t, &log)
				want := "lock"
				if method == "load" {
					want = "lock load unlock"
				}
				if got := strings.Join(store.Calls, " "); got != want {
					t.Errorf("calls %q, want %q", got, want)
				}
			})
		})
	}
}

// A second upload of the same file to the same server fails with ErrBusy.
func TestSecondUploadIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		data := clienttest.Noise(clienttest.RecordedSize)
		name := clienttest.WriteFile(t, data)
		s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			already := len(s.Seen())
			var events []client.Event
			res, err := clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), clienttest.PathSource(t, name), &client.UploadOptions{OnEvent: clienttest.RecordEvents(&events)})
			clienttest.WantErrorIs(t, err, client.ErrBusy)
			clienttest.WantClearError(t, err, "the same file is being sent")
			if res.URL != "" || len(events) != 1 || events[0].Kind != client.EventFailed {
				t.Errorf("result %+v, events %v, want URL \"\", 1 events and Kind %v", res, clienttest.EventKinds(events), client.EventFailed)
			}
			if n := len(s.Seen()) - already; n > 0 {
				t.Errorf("%d requests were sent, want 0", n)
			}
			// Another server, another file, and Resume are not affected.
			other := clienttest.RecordingConfig(&store, nil)
			other.Endpoint = "http://other.example/files/"
			if _, err := clienttest.NewClient(t, s, other).Upload(t.Context(), clienttest.PathSource(t, name), nil); err != nil {
				t.Error(err)
			}
			if _, err := clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), clienttest.PathSource(t, clienttest.WriteFile(t, data)), nil); err != nil {
				t.Error(err)
			}
			next.ServeHTTP(w, r)
		})
		res, err := clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		clienttest.WantNoRecord(t, &store)
		if _, err := clienttest.NewRecordingClient(t, s, &store, nil).Upload(t.Context(), clienttest.PathSource(t, name), nil); err != nil {
			t.Errorf("Upload after the finished upload: %v", err)
		}
	})
}

// The uploads of one file to two servers have two records.
func TestRecordOfEachEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		data := clienttest.Noise(clienttest.RecordedSize)
		name := clienttest.WriteFile(t, data)
		endpoints := []string{s.URL, "http://other.example/files/", "http://tus.example/files/2/"}
		urls := make(map[string]string)
		for _, endpoint := range endpoints {
			cfg := clienttest.RecordingConfig(&store, nil)
			cfg.Endpoint = endpoint
			s.On(http.MethodPatch, fake.Cut(7))
			res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
			if err == nil || res.URL == "" {
				t.Fatalf("result %+v, error %v, want URL not empty and an error", res, err)
			}
			urls[endpoint] = res.URL
		}
		if list := clienttest.Records(t, &store); len(list) != len(endpoints) {
			t.Fatalf("%d records, want %v", len(list), len(endpoints))
		}
		for _, endpoint := range endpoints {
			cfg := clienttest.RecordingConfig(&store, nil)
			cfg.Endpoint = endpoint
			res, err := clienttest.NewClient(t, s, cfg).Upload(t.Context(), clienttest.PathSource(t, name), nil)
			if err != nil {
				t.Fatal(err)
			}
			if res.URL != urls[endpoint] || res.Resumed != 7 {
				t.Errorf("%s: result %+v, want the upload %s resumed", endpoint, res, urls[endpoint])
			}
			clienttest.WantStored(t, s, res.URL, data)
		}
		clienttest.WantNoRecord(t, &store)
	})
}
