package integration

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/filestore"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/transport/nethttp"
)

const (
	crashSize = 24 * mib

	// crashKills is the number of kills, unless the upload is complete earlier.
	crashKills = 12

	// crashBuffer is the size of the send buffer of each process, in bytes. The default
	// of Linux is up to 4 MiB.
	crashBuffer = 128 * kib

	// crashResent is the maximum number of bytes that are sent again after a kill. It is
	// the sum of the send buffer (Linux doubles the requested size), the buffers of the
	// proxy, and that of the server.
	crashResent = mib
)

// These variables pass the endpoint, the file, the folder of the records, the number
// of parts and the protocol to the processes that are killed. envCrashSeed repeats a run.
const (
	envCrashEndpoint = "TUSKER_CRASH_ENDPOINT"
	envCrashFile     = "TUSKER_CRASH_FILE"
	envCrashState    = "TUSKER_CRASH_STATE"
	envCrashParallel = "TUSKER_CRASH_PARALLEL"
	envCrashProtocol = "TUSKER_CRASH_PROTOCOL"
	envCrashSeed     = "TUSKER_CRASH_SEED"
)

// TestCrashChild is the body of the processes that are killed.
func TestCrashChild(t *testing.T) {
	endpoint := os.Getenv(envCrashEndpoint)
	if endpoint == "" {
		t.Skip("this test only runs in the processes of other tests")
	}
	store, err := filestore.New(os.Getenv(envCrashState))
	if err != nil {
		t.Fatal(err)
	}
	doer := nethttp.New(nethttp.Config{DialContext: dialSmall})
	defer doer.CloseIdleConnections()
	c := newClient(t, client.Config{Endpoint: endpoint, Doer: doer, Store: store, Retry: quick, Locked: quick, Protocol: os.Getenv(envCrashProtocol)})
	src, err := client.Path(os.Getenv(envCrashFile))
	if err != nil {
		t.Fatal(err)
	}
	parts, err := strconv.Atoi(os.Getenv(envCrashParallel))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Upload(t.Context(), src, &client.UploadOptions{Parallel: parts}); err != nil {
		t.Fatal(err)
	}
}

// dialSmall connects with a send buffer of crashBuffer.
func dialSmall(ctx context.Context, network, addr string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return conn, conn.(*net.TCPConn).SetWriteBuffer(crashBuffer)
}

// crash is an upload by processes that are killed.
type crash struct {
	srv   *testserver.Server
	proxy *tap
	data  []byte
	file  string
	state string
	parts int
	kills int
}

func newCrash(t *testing.T) *crash {
	t.Helper()
	srv := testserver.New(t, testserver.Config{})
	c := &crash{srv: srv, proxy: newTap(t, hostOf(t, srv.URL())), data: content(crashSize), state: t.TempDir()}
	c.file = filepath.Join(t.TempDir(), "elephant.mp4")
	writeOld(t, c.file, c.data)
	return c
}

// run starts a process and kills it after it has sent limit bytes, headers included. The
// process ends by itself if it sends fewer bytes, or if limit is negative. With lose,
// bytes that have not reached the server are lost.
func (c *crash) run(t *testing.T, limit int64, lose bool) (killed bool) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	reached, release := c.proxy.arm(limit, lose)
	defer release()
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestCrashChild$")
	cmd.Env = append(os.Environ(),
		envCrashEndpoint+"="+c.proxy.through(t, c.srv.URL()), envCrashFile+"="+c.file,
		envCrashState+"="+c.state, envCrashParallel+"="+strconv.Itoa(c.parts))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			t.Fatalf("the process failed: %v\n%s", err, &out)
		}
		return false
	case <-reached:
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil {
		t.Fatal("the process exited with 0, although it was killed")
	}
	c.kills++
	return true
}

// check compares the result with the file.
func (c *crash) check(t *testing.T) {
	t.Helper()
	all, err := c.srv.Uploads()
	if err != nil {
		t.Fatal(err)
	}
	var complete []string
	for _, u := range all {
		if b, err := c.srv.Bytes(u); err == nil && len(b) > 0 {
			complete = append(complete, u)
		}
	}
	if len(complete) != 1 {
		t.Fatalf("%d uploads have bytes, want 1", len(complete))
	}
	checkStored(t, c.srv, complete[0], c.data)
	left, err := os.ReadDir(c.state)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range left {
		// A process that dies during a save leaves a temporary file, which the store
		// removes when it is old. A process that dies during a removal leaves the
		// record in the list of its place.
		if filepath.Ext(f.Name()) != ".tmp" && filepath.Ext(f.Name()) != ".place" {
			t.Errorf("the state folder holds %s", f.Name())
		}
	}
}

// An upload whose process is killed many times resumes at the offset of the server. There
// is one creation, and only bytes that had not reached the server are sent twice.
func TestCrash(t *testing.T) {
	seed := rand.Uint64()
	if s := os.Getenv(envCrashSeed); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%s=%d", envCrashSeed, seed)
	random := rand.New(rand.NewPCG(seed, 0))
	kills := crashKills
	if testing.Short() {
		kills = 3
	}
	c := newCrash(t)
	// The first kill happens while bytes are being sent, so there is a record.
	limits := []int64{64*kib + random.Int64N(mib)}
	for c.run(t, limits[len(limits)-1], random.IntN(2) == 0) {
		limit := random.Int64N(2 * crashSize / crashKills)
		if random.IntN(4) == 0 {
			limit = random.Int64N(512) // no answer can have arrived yet
		}
		if c.kills == kills {
			limit = -1
		}
		limits = append(limits, limit)
	}
	if c.kills < 2 {
		t.Fatalf("the upload was complete after %d kills", c.kills)
	}
	c.check(t)

	offset, body := int64(0), int64(0)
	for _, r := range c.srv.Requests() {
		if r.Method != http.MethodPatch {
			continue
		}
		if r.Offset < offset {
			t.Errorf("got a PATCH at %d after one at %d", r.Offset, offset)
		}
		offset = r.Offset
		body += r.BodyBytes
	}
	if n := c.srv.Count(http.MethodPost); n != 1 {
		t.Errorf("%d creations, want 1", n)
	}
	read, sent := body-crashSize, c.proxy.received.Load()-crashSize
	t.Logf("%d kills after %v bytes; sent again, headers included: %d, %d for each kill; read again by the server: %d",
		c.kills, limits[:c.kills], sent, sent/int64(c.kills), read)
	if sent > int64(c.kills)*crashResent || read > sent {
		t.Errorf("%d bytes were sent again, and the server read %d of them, after %d kills", sent, read, c.kills)
	}
}

// A process that is killed before it can save a record leaves at most an empty
// upload.
func TestCrashBeforeRecord(t *testing.T) {
	c := newCrash(t)
	// The kills happen after the connection, after the first bytes of the creation, and
	// before its last bytes.
	for _, limit := range []int64{0, 1, 150} {
		if !c.run(t, limit, true) {
			t.Fatal("the process ended before it was killed")
		}
	}
	if c.run(t, -1, false) {
		t.Fatal("the process was killed, want it to end by itself")
	}
	c.check(t)
	if n := c.srv.Count(http.MethodPost); n > c.kills+1 {
		t.Errorf("%d creations for %d processes", n, c.kills+1)
	}
}
