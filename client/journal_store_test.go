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
	"github.com/tusker-go/tusker/client/internal/fake"
)

// A store that fails costs the promise to go on later, never the upload.
func TestStoreFails(t *testing.T) {
	const secret = "s3cret"
	errStore := errors.New("no space left on device")
	tests := map[string]struct {
		fail []string // calls that fail, "save 2" for the second one
		end  fake.Action
		warn string // "": nothing is said
	}{
		"lock":                   {[]string{"lock 1"}, nil, notResumable},
		"load":                   {[]string{"load 1"}, nil, notResumable},
		"first save":             {[]string{"save 1"}, nil, notResumable},
		"first save, failed run": {[]string{"save 1"}, fake.Status(403, ""), notResumable},
		"last save":              {[]string{"save 2"}, fake.Status(403, ""), "record not updated"},
		"delete":                 {[]string{"delete 1"}, nil, "record of a finished upload not removed"},
		"unlock":                 {[]string{"unlock 1"}, nil, "record not unlocked"},
		"none":                   {nil, nil, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				counts := make(map[string]int)
				store := &spyStore{Store: new(client.MemoryStore)}
				store.fail = func(method string) error {
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
				data := noise(smallest)
				var log bytes.Buffer
				res, err := recorder(t, s, store, &log).Upload(t.Context(), path(t, write(t, data)), nil)
				if (err == nil) != (test.end == nil) {
					t.Fatalf("error %v", err)
				}
				if errors.Is(err, errStore) {
					t.Errorf("the store's error %v ended the upload", err)
				}
				if err == nil {
					wantStored(t, s, res.URL, data)
				}
				if test.warn == "" {
					wantNoWarning(t, &log)
					return
				}
				line := wantLogged(t, &log, slog.LevelWarn, test.warn)
				if !strings.Contains(line, errStore.Error()) {
					t.Errorf("warning %q does not say why", line)
				}
				if strings.Contains(log.String(), secret) {
					t.Errorf("a secret was logged:\n%s", &log)
				}
			})
		})
	}
}

// A store that lost its folder refuses everything.
func TestStoreIsBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &spyStore{Store: new(client.MemoryStore), fail: func(string) error { return errors.New("stale file handle") }}
		s := fake.New(t, fake.Config{})
		data := noise(smallest)
		s.On(http.MethodPatch, nil, fake.Cut(7))
		var log bytes.Buffer
		cfg := recording(store, &log)
		cfg.Retry = nil
		res, err := newClient(t, s, cfg).Upload(t.Context(), path(t, write(t, data)), nil)
		if err != nil {
			t.Fatal(err)
		}
		wantStored(t, s, res.URL, data)
		wantLogged(t, &log, slog.LevelWarn, notResumable)
	})
}

// A context that ends while the store works is what the upload ends with, and
// nothing is sent.
func TestCancelledInStore(t *testing.T) {
	for _, method := range []string{"lock", "load"} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				errStop := errors.New("enough")
				ctx, cancel := context.WithCancelCause(t.Context())
				memory := new(client.MemoryStore)
				store := &spyStore{Store: memory}
				store.fail = func(called string) error {
					if called != method {
						return nil
					}
					cancel(errStop)
					return context.Cause(ctx)
				}
				s := fake.New(t, fake.Config{})
				var log bytes.Buffer
				_, err := recorder(t, s, store, &log).Upload(ctx, path(t, write(t, noise(smallest))), nil)
				wantIs(t, err, errStop, context.Canceled)
				wantSeen(t, s)
				wantNoWarning(t, &log)
				want := "lock"
				if method == "load" {
					want = "lock load unlock"
				}
				if got := strings.Join(store.calls, " "); got != want {
					t.Errorf("calls %q, want %q", got, want)
				}
			})
		})
	}
}

// One file is sent to one server once at a time.
func TestBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		data := noise(smallest)
		name := write(t, data)
		s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			already := len(s.Seen())
			var events []client.Event
			res, err := recorder(t, s, &store, nil).Upload(t.Context(), path(t, name), &client.UploadOptions{OnEvent: recordEvents(&events)})
			wantIs(t, err, client.ErrBusy)
			wantClear(t, err, "the same file is being sent")
			if res.URL != "" || len(events) != 1 || events[0].Kind != client.EventFailed {
				t.Errorf("result %+v, events %v", res, kinds(events))
			}
			if n := len(s.Seen()) - already; n > 0 {
				t.Errorf("%d requests were sent", n)
			}
			// Another server, another file, and Resume are nobody's business.
			other := recording(&store, nil)
			other.Endpoint = "http://other.example/files/"
			if _, err := newClient(t, s, other).Upload(t.Context(), path(t, name), nil); err != nil {
				t.Error(err)
			}
			if _, err := recorder(t, s, &store, nil).Upload(t.Context(), path(t, write(t, data)), nil); err != nil {
				t.Error(err)
			}
			next.ServeHTTP(w, r)
		})
		res, err := recorder(t, s, &store, nil).Upload(t.Context(), path(t, name), nil)
		if err != nil {
			t.Fatal(err)
		}
		wantStored(t, s, res.URL, data)
		wantNoRecord(t, &store)
		if _, err := recorder(t, s, &store, nil).Upload(t.Context(), path(t, name), nil); err != nil {
			t.Errorf("after the end: %v", err)
		}
	})
}

// The records of one file on its way to two servers are two.
func TestRecordOfEachEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store client.MemoryStore
		s := fake.New(t, fake.Config{})
		data := noise(smallest)
		name := write(t, data)
		endpoints := []string{s.URL, "http://other.example/files/", "http://tus.example/files/2/"}
		urls := make(map[string]string)
		for _, endpoint := range endpoints {
			cfg := recording(&store, nil)
			cfg.Endpoint = endpoint
			s.On(http.MethodPatch, fake.Cut(7))
			res, err := newClient(t, s, cfg).Upload(t.Context(), path(t, name), nil)
			if err == nil || res.URL == "" {
				t.Fatalf("result %+v, error %v", res, err)
			}
			urls[endpoint] = res.URL
		}
		if list := stored(t, &store); len(list) != len(endpoints) {
			t.Fatalf("%d records", len(list))
		}
		for _, endpoint := range endpoints {
			cfg := recording(&store, nil)
			cfg.Endpoint = endpoint
			res, err := newClient(t, s, cfg).Upload(t.Context(), path(t, name), nil)
			if err != nil {
				t.Fatal(err)
			}
			if res.URL != urls[endpoint] || res.Resumed != 7 {
				t.Errorf("%s: result %+v, want one that goes on at %s", endpoint, res, urls[endpoint])
			}
			wantStored(t, s, res.URL, data)
		}
		wantNoRecord(t, &store)
	})
}
