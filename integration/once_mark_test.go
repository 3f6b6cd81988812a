//go:build unix

package integration

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/storetest/databases"
	"github.com/tusker-go/tusker/retry"
	"github.com/tusker-go/tusker/testserver"
)

// markSize is the size of the file of these tests.
const markSize = 2 << 20

// TestMarkWorker is the body of a process that uploads the file once, and is killed.
func TestMarkWorker(t *testing.T) {
	endpoint, folder := os.Getenv(envOnceEndpoint), os.Getenv(envOnceFolder)
	if endpoint == "" {
		t.Skip("this test only runs in the processes of other tests")
	}
	_, err := uploadOnce(t, endpoint, folder, openOnce(t, os.Getenv(envOnceDatabase), folder))
	t.Errorf("the upload ended with %v before the process was killed", err)
}

// uploadOnce uploads the file with Config.Once.
func uploadOnce(t *testing.T, endpoint, folder string, store onceStore) (*client.Result, error) {
	t.Helper()
	src, err := client.Path(filepath.Join(folder, "file"))
	if err != nil {
		t.Fatal(err)
	}
	return newClient(t, client.Config{Endpoint: endpoint, Store: store, Ledger: store, Once: true, Retry: retry.Never}).Upload(t.Context(), src, nil)
}

// uploadAgain uploads the file as soon as the lock of an earlier run is free, and the database
// answers.
func uploadAgain(t *testing.T, endpoint, folder string, store onceStore) (*client.Result, error) {
	t.Helper()
	for {
		res, err := uploadOnce(t, endpoint, folder, store)
		if !errors.Is(err, client.ErrBusy) && !errors.Is(err, client.ErrUnrecorded) {
			return res, err
		}
		_ = retryPause(t.Context(), 20*time.Millisecond)
	}
}

// S-BYTES-ONCE: a process is killed after it made the mark that the last byte may have been sent.
// The next run finishes the same upload, or fails with ErrUncertain, again and again, if the upload
// is gone. It creates nothing.
func TestOnceKilledAtTheLastByte(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T) *databases.Server{
		"folder": nil, "Redis": databases.Redis, "PostgreSQL": migratedPostgres,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := ""
			if start != nil {
				database = start(t).URL()
			}
			for name, test := range map[string]struct {
				fault   testserver.Action
				arrived int64 // bytes that the server has when the process is killed
				gone    bool  // the upload is gone after that
			}{
				"last byte did not arrive": {testserver.StallAfter(markSize-1, 0), markSize - 1, false},
				"answer did not arrive":    {testserver.SlowFinish(0), markSize, false},
				"upload is gone":           {testserver.SlowFinish(0), markSize, true},
			} {
				t.Run(name, func(t *testing.T) {
					srv := testserver.New(t, testserver.Config{})
					folder := t.TempDir()
					data := content(markSize)
					writeOld(t, filepath.Join(folder, "file"), data)
					store := openOnce(t, database, folder)
					srv.Inject(testserver.Fault{Method: http.MethodPatch, Do: test.fault})
					p := startTest(t, "TestMarkWorker", envOnceEndpoint+"="+srv.URL(), envOnceFolder+"="+folder, envOnceDatabase+"="+database)
					url := waitForMark(t, store, srv, test.arrived, p)
					if err := p.cmd.Process.Kill(); err != nil {
						t.Fatal(err)
					}
					p.wait(t, true)
					if test.gone {
						srv.Inject(testserver.Fault{Method: http.MethodHead, Do: testserver.Forget()})
					}
					for range 2 {
						res, err := uploadAgain(t, srv.URL(), folder, store)
						if test.gone {
							if !errors.Is(err, client.ErrUncertain) {
								t.Errorf("error %v, want %v", err, client.ErrUncertain)
							}
							continue
						}
						if err != nil || res.URL != url {
							t.Fatalf("result %+v, error %v, want the upload %s", res, err, url)
						}
						if test.arrived == markSize && res.Sent != 0 {
							t.Errorf("%d bytes were sent again, want 0", res.Sent)
						}
						checkStored(t, srv, url, data)
					}
					if n := srv.Count(http.MethodPost); n != 1 {
						t.Errorf("%d uploads were created, want 1", n)
					}
				})
			}
		})
	}
}

// waitForMark waits until the record has the mark and the server the bytes, and returns the URL.
func waitForMark(t *testing.T, store onceStore, srv *testserver.Server, arrived int64, p *onceProcess) string {
	t.Helper()
	for {
		for r, err := range store.(client.Lister).List(t.Context()) {
			if err != nil || r.Endpoint != srv.URL() || !r.Uncertain {
				continue
			}
			if info, err := srv.Info(r.URL); err == nil && info.Offset >= arrived {
				return r.URL
			}
		}
		select {
		case err := <-p.done:
			t.Fatalf("the process ended too early: %v\n%s", err, &p.out)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// A Redis that keeps nothing on the disk loses the promise of Once, as its package says. A run that
// is under way when Redis restarts ends with an error. The next one sends the file again, and so
// does a run after the end of the upload.
func TestOnceInForgetfulRedis(t *testing.T) {
	t.Parallel()
	server := databases.ForgetfulRedis(t)
	forget := func() {
		server.Kill()
		server.Restart()
	}
	srv := testserver.New(t, testserver.Config{})
	folder := t.TempDir()
	data := content(markSize)
	writeOld(t, filepath.Join(folder, "file"), data)
	store := openOnce(t, server.URL(), folder)
	srv.Inject(testserver.Fault{Method: http.MethodPatch, Do: testserver.StallAfter(markSize/2, 0)})
	ended := make(chan error)
	go func() {
		_, err := uploadOnce(t, srv.URL(), folder, store)
		ended <- err
	}()
	for srv.Count(http.MethodPatch) == 0 {
		_ = retryPause(t.Context(), 10*time.Millisecond)
	}
	forget()
	switch err := <-ended; {
	case err == nil:
		t.Error("the upload succeeded although its record was lost")
	case !errors.Is(err, client.ErrLeaseLost) && !errors.Is(err, client.ErrConflict):
		t.Errorf("error %v, want %v or %v", err, client.ErrLeaseLost, client.ErrConflict)
	}
	for _, created := range []int{2, 3} {
		res, err := uploadAgain(t, srv.URL(), folder, store)
		if err != nil {
			t.Fatal(err)
		}
		checkStored(t, srv, res.URL, data)
		if n := srv.Count(http.MethodPost); n != created {
			t.Errorf("%d uploads were created, want %d", n, created)
		}
		forget()
	}
}
