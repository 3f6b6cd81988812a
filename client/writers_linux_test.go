package client_test

import (
	"bufio"
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
)

// hasLeases reports whether the files of tests are on a file system with leases.
func hasLeases(t *testing.T) bool {
	t.Helper()
	f, err := os.Open(clienttest.WriteFile(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	_, err = unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_RDLCK)
	return err == nil
}

// openToWrite opens the file called name for writing until the test ends.
func openToWrite(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// mapToWrite maps the file into memory and closes it. Its bytes can then be changed without a
// system call.
func mapToWrite(t *testing.T, name string) []byte {
	t.Helper()
	f := openToWrite(t, name)
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	memory, err := unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Munmap(memory) })
	return memory
}

// processToWrite starts a process that has the file open for writing until the test
// ends.
func processToWrite(t *testing.T, name string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `exec 3>>"$0" && echo && read -r _`, name)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
}

const inUseMessage = "another program has the file open for writing: the upload may be a mix of two states"

// A file that another program has open for writing is sent with a warning, and is not recorded
// as sent. RefuseInUse refuses it before anything is sent.
func TestFileInUse(t *testing.T) {
	if !hasLeases(t) {
		t.Skip("the file system has no leases")
	}
	tests := map[string]struct {
		use   func(t *testing.T, name string)
		inUse bool
	}{
		"nobody":             {func(*testing.T, string) {}, false},
		"a writer":           {func(t *testing.T, name string) { t.Helper(); openToWrite(t, name) }, true},
		"another process":    {processToWrite, true},
		"a mapping":          {func(t *testing.T, name string) { t.Helper(); mapToWrite(t, name) }, true},
		"a writer that left": {func(t *testing.T, name string) { t.Helper(); _ = openToWrite(t, name).Close() }, false},
		"a reader": {func(t *testing.T, name string) {
			t.Helper()
			f, err := os.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = f.Close() })
		}, false},
	}
	for who, test := range tests {
		t.Run(who, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			m := &clienttest.Ledger{}
			name := clienttest.WriteFile(t, "hello")
			test.use(t, name)
			var log bytes.Buffer
			cfg := client.Config{Ledger: m, Logger: slog.New(slog.NewTextHandler(&log, nil))}
			res := clienttest.UploadFile(t, s, cfg, name)
			clienttest.WantStored(t, s, res.URL, "hello")
			if res.InUse != test.inUse {
				t.Errorf("in use: %t, want %t", res.InUse, test.inUse)
			}
			if test.inUse {
				clienttest.WantLogged(t, &log, slog.LevelWarn, inUseMessage)
			} else if bytes.Contains(log.Bytes(), []byte(inUseMessage)) {
				t.Errorf("a warning, want none:\n%s", &log)
			}
			if recorded := len(m.Records) == 1; recorded == test.inUse {
				t.Errorf("recorded as sent: %t, want %t", recorded, !test.inUse)
			}

			strict := fake.New(t, fake.Config{})
			c := clienttest.NewClient(t, strict, client.Config{RefuseInUse: true})
			_, err := c.Upload(t.Context(), clienttest.PathSource(t, name), nil)
			if !test.inUse {
				if err != nil {
					t.Error(err)
				}
				return
			}
			clienttest.WantErrorIs(t, err, client.ErrSource, client.ErrSourceInUse)
			_, err = c.Resume(t.Context(), strict.URL+"1", clienttest.PathSource(t, name), nil)
			clienttest.WantErrorIs(t, err, client.ErrSource, client.ErrSourceInUse)
			_, err = c.UploadConcat(t.Context(), []client.Source{clienttest.PathSource(t, name)}, nil)
			clienttest.WantErrorIs(t, err, client.ErrSource, client.ErrSourceInUse)
			for _, r := range strict.Requests() {
				if r.Method != http.MethodOptions {
					t.Errorf("%s was sent, want Method %q", r, http.MethodOptions)
				}
			}
		})
	}
}

// A program that opens the file while it is sent is found at the end.
func TestFileInUseLater(t *testing.T) {
	if !hasLeases(t) {
		t.Skip("the file system has no leases")
	}
	for _, refuse := range []bool{false, true} {
		s := fake.New(t, fake.Config{})
		name := clienttest.WriteFile(t, "hello")
		s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			openToWrite(t, name)
			next.ServeHTTP(w, r)
		})
		res, err := clienttest.NewClient(t, s, client.Config{RefuseInUse: refuse}).Upload(t.Context(), clienttest.PathSource(t, name), nil)
		if refuse {
			clienttest.WantErrorIs(t, err, client.ErrSource, client.ErrSourceInUse)
		} else if err != nil || !res.InUse {
			t.Errorf("result %+v, error %v, want InUse true and no error", res, err)
		}
		if res.Offset != 5 {
			t.Errorf("result %+v, want Offset 5", res)
		}
	}
}

// No lease is held while a file is sent, so a program that opens the file for writing does not
// wait. A file that the caller passes open for writing does not count as in use.
func TestNoLeaseIsHeld(t *testing.T) {
	s := fake.New(t, fake.Config{})
	name := clienttest.WriteFile(t, "hello")
	opened := false
	s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		fd, err := unix.Open(name, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Errorf("open for writing: %v", err)
		} else {
			opened = true
			_ = unix.Close(fd)
		}
		next.ServeHTTP(w, r)
	})
	if res := clienttest.UploadFile(t, s, client.Config{}, name); res.InUse || !opened {
		t.Errorf("in use: %t; opened: %t, want InUse false and true", res.InUse, opened)
	}

	f := openToWrite(t, name)
	src, err := client.File(f)
	if err != nil {
		t.Fatal(err)
	}
	if res, err := clienttest.NewClient(t, s, client.Config{RefuseInUse: true}).Upload(t.Context(), src, nil); err != nil || res.InUse {
		t.Errorf("result %+v, error %v, want InUse false and no error", res, err)
	}
}

// A write through a mapping leaves no trace if its page is dirty already. Result.InUse is set,
// and Verify finds the difference.
func TestMappingChangesBytes(t *testing.T) {
	if !hasLeases(t) {
		t.Skip("the file system has no leases")
	}
	for _, verify := range []bool{false, true} {
		s := fake.New(t, fake.Config{Content: true})
		name := clienttest.WriteFile(t, clienttest.Noise(clienttest.SampledSize))
		memory := mapToWrite(t, name)
		memory[clienttest.SampledSize/2]++
		clienttest.SetModified(t, name, time.Now().Add(-time.Hour))
		s.On(http.MethodPatch, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			next.ServeHTTP(w, r)
			memory[clienttest.SampledSize/2]++
		})
		res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.PathSource(t, name), &client.UploadOptions{Verify: verify})
		if verify {
			clienttest.WantErrorIs(t, err, client.ErrDifferent)
		} else if err != nil {
			t.Error(err)
		}
		if !res.InUse {
			t.Error("nothing says that the file is in use")
		}
	}
}

// A long write sets the time of modification when it begins. An upload that begins during the
// write has all new bytes, fails, or sets Result.InUse.
func TestLongWrite(t *testing.T) {
	if !hasLeases(t) {
		t.Skip("the file system has no leases")
	}
	const size = 64 << 20
	name := clienttest.WriteFile(t, "")
	if err := os.Truncate(name, size); err != nil {
		t.Fatal(err)
	}
	f := openToWrite(t, name)
	before, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := unix.Pwrite(int(f.Fd()), bytes.Repeat([]byte("x"), size), 0)
		done <- errors.Join(err, f.Close())
	}()
	for now := before; now.ModTime().Equal(before.ModTime()); {
		if now, err = os.Stat(name); err != nil {
			t.Fatal(err)
		}
	}
	s := fake.New(t, fake.Config{})
	res, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), clienttest.PathSource(t, name), nil)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	t.Logf("in use: %t, error %v", res.InUse, err)
	mixed := bytes.Contains(s.Bytes(res.URL), []byte{0})
	if mixed && err == nil && !res.InUse {
		t.Error("the server has a mix of two states, and nothing says so")
	}
	if err != nil {
		clienttest.WantErrorIs(t, err, client.ErrSourceChanged)
	}
}
