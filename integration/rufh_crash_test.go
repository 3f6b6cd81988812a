package integration

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/tusker-go/tusker/protocol/rufh"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/testserver/rufhserver"
)

// A process that is killed while it sends all bytes with the creation has recorded the URL by
// then. The next process resumes the upload.
func TestRUFHKilled(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []rufh.Version{6, 8, 10} {
		b := newRUFHBench(t, rufhserver.Config{Versions: []rufh.Version{v}})
		data := content(2 * mib)
		file, state := filepath.Join(t.TempDir(), "data.bin"), t.TempDir()
		writeOld(t, file, data)
		child := func() *exec.Cmd {
			cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestCrashChild$")
			cmd.Env = append(os.Environ(), envCrashEndpoint+"="+b.srv.URL(), envCrashFile+"="+file,
				envCrashState+"="+state, envCrashParallel+"=1", envCrashProtocol+"="+v.String())
			return cmd
		}
		b.srv.Inject(testserver.Fault{Method: http.MethodPost, Do: testserver.StallAfter(64*kib, 0)})
		first := child()
		if err := first.Start(); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
			if records, err := filepath.Glob(filepath.Join(state, "*.json")); err == nil && len(records) == 1 {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("there is no record")
			}
		}
		if err := first.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = first.Wait()
		if out, err := child().CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		b.wantStored(data)
		b.wantMethods("POST", "HEAD", "PATCH")
	}
}
