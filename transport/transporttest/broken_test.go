package transporttest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/transporttest"
)

// brokenEnv is the environment variable with the Doer of TestBrokenChild.
const brokenEnv = "TRANSPORTTEST_BROKEN"

// broken are Doers with one fault each, and the checks that must find the
// fault.
var broken = map[string]struct {
	do    func(*http.Request) (*http.Response, error)
	found []string
}{
	"retries": {
		func(req *http.Request) (*http.Response, error) {
			resp, err := http.DefaultClient.Do(req)
			if err == nil && resp.StatusCode != http.StatusServiceUnavailable {
				return resp, nil
			}
			if err == nil {
				_ = resp.Body.Close()
			}
			if req.GetBody != nil {
				req.Body, _ = req.GetBody()
			}
			return http.DefaultClient.Do(req)
		},
		[]string{"POST_and_PATCH_pass_once", "SingleAttempt_passes_once"},
	},
	"buffers": {
		func(req *http.Request) (*http.Response, error) {
			if req.Body != nil && req.Body != http.NoBody {
				b, err := io.ReadAll(io.LimitReader(req.Body, 80<<20))
				_ = req.Body.Close()
				if err != nil {
					return nil, err
				}
				req = req.Clone(req.Context())
				req.Body = io.NopCloser(bytes.NewReader(b))
			}
			return http.DefaultClient.Do(req)
		},
		[]string{"body_is_streamed", "large_body_does_not_grow_the_heap"},
	},
	"503 is an error": {
		func(req *http.Request) (*http.Response, error) {
			resp, err := http.DefaultClient.Do(req)
			if err == nil && resp.StatusCode == http.StatusServiceUnavailable {
				_ = resp.Body.Close()
				return nil, errors.New("giving up")
			}
			return resp, err
		},
		[]string{"POST_and_PATCH_pass_once", "SingleAttempt_passes_once", "every_status_is_an_answer"},
	},
	"leaks the body": {
		func(req *http.Request) (*http.Response, error) {
			if req.Body != nil && req.Body != http.NoBody {
				length := req.ContentLength
				req = req.Clone(req.Context())
				req.Body = io.NopCloser(struct{ io.Reader }{req.Body})
				req.ContentLength = length
			}
			return http.DefaultClient.Do(req)
		},
		[]string{"request_body_is_closed", "cancelled_before_the_request", "cancelled_while_the_body_is_sent"},
	},
	"loses the context": {
		func(req *http.Request) (*http.Response, error) {
			return http.DefaultClient.Do(req.WithContext(context.WithoutCancel(req.Context())))
		},
		[]string{"cancelled_before_the_request", "cancelled_while_the_body_is_sent", "cancelled_while_the_answer_is_awaited"},
	},
	"loses the cause": {
		func(req *http.Request) (*http.Response, error) {
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				err = errors.New(err.Error())
			}
			return resp, err
		},
		[]string{"cancelled_before_the_request", "cancelled_while_the_body_is_sent", "cancelled_while_the_answer_is_awaited"},
	},
	"opens a connection for each request": {
		func(req *http.Request) (*http.Response, error) {
			req = req.Clone(req.Context())
			req.Close = true
			return http.DefaultClient.Do(req)
		},
		[]string{"connection_is_reused"},
	},
	"follows no redirect": {
		(&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}}).Do,
		[]string{"307_and_308_keep_method_and_body"},
	},
	"writes to the request": {
		func(req *http.Request) (*http.Response, error) {
			req.Header.Set("X-Mine", "1")
			return http.DefaultClient.Do(req)
		},
		[]string{"caller's_request_is_not_modified"},
	},
	"mixes up answers": {
		func() func(*http.Request) (*http.Response, error) {
			var mu sync.Mutex
			var last string
			return func(req *http.Request) (*http.Response, error) {
				resp, err := http.DefaultClient.Do(req)
				if err == nil && req.Method == http.MethodPatch && resp.StatusCode == http.StatusOK {
					mu.Lock()
					defer mu.Unlock()
					mine := resp.Header.Get("Upload-Offset")
					if last != "" && mine != "7" {
						resp.Header.Set("Upload-Offset", last)
					}
					last = mine
				}
				return resp, err
			}
		}(),
		[]string{"concurrent_use"},
	},
}

// The suite finds each fault. It then fails its *testing.T, so it runs in
// another process.
func TestBroken(t *testing.T) {
	if testing.Short() {
		t.Skip("the test starts processes")
	}
	if runtime.GOOS == "js" || runtime.GOOS == "wasip1" {
		t.Skip("this system cannot start processes")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	failed := regexp.MustCompile(`(?m)^    --- FAIL: TestBrokenChild/(\S+)`)
	for name, b := range broken {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestBrokenChild$")
			cmd.Env = append(os.Environ(), brokenEnv+"="+name)
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Fatal("the suite passes, want a failure")
			}
			var found []string
			for _, m := range failed.FindAllSubmatch(out, -1) {
				found = append(found, string(m[1]))
			}
			for _, want := range b.found {
				if !slices.Contains(found, want) {
					t.Errorf("%s passes; failed checks: %v\n%s", want, found, out)
				}
			}
		})
	}
}

// TestBrokenChild runs in the processes that TestBroken starts.
func TestBrokenChild(t *testing.T) {
	name := os.Getenv(brokenEnv)
	if name == "" {
		t.Skip("this test only runs in the processes of TestBroken")
	}
	transporttest.Run(t, func(*testing.T) transporttest.Config {
		return transporttest.Config{Doer: transport.DoerFunc(broken[name].do), Patience: 300 * time.Millisecond}
	})
}
