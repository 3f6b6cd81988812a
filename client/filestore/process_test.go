package filestore_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/client/filelock"
	"github.com/tusker-go/tusker/client/filestore"
	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/protocol"
)

// The environment of the processes that these tests start has the role of the process and the
// folder of its store.
const (
	roleEnv = "FILESTORE_TEST_ROLE"
	dirEnv  = "FILESTORE_TEST_DIR"
)

var roles = map[string]func(*testing.T, *filestore.Store){
	"hold":  hold,
	"count": count,
	"save":  saveForever,
	"add":   add,
	"guard": holdGuard,
	"prune": pruneForever,
	"run":   run,
}

// TestChild is the body of the processes that other tests start.
func TestChild(t *testing.T) {
	role := os.Getenv(roleEnv)
	if role == "" {
		t.Skip("this test only runs in the processes of other tests")
	}
	roles[role](t, open(t, os.Getenv(dirEnv)))
}

// child is a process that runs the binary of this test.
type child struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
	stdin io.Closer
}

func start(t *testing.T, role, dir string) *child {
	t.Helper()
	if runtime.GOOS == "js" || runtime.GOOS == "wasip1" {
		t.Skip("this system cannot start processes")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestChild$")
	cmd.Env = append(os.Environ(), roleEnv+"="+role, dirEnv+"="+dir)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &child{cmd, bufio.NewScanner(stdout), stdin}
}

// line returns the next line that the process prints.
func (c *child) line(t *testing.T) string {
	t.Helper()
	if !c.lines.Scan() {
		t.Fatalf("the process has ended: %v", c.cmd.Wait())
	}
	return c.lines.Text()
}

// kill ends the process at once, so that it cannot clean up, and returns the lines that it
// had printed.
func (c *child) kill(t *testing.T) (rest []string) {
	t.Helper()
	if err := c.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for c.lines.Scan() {
		rest = append(rest, c.lines.Text())
	}
	if err := c.cmd.Wait(); err == nil {
		t.Fatal("the process ended before it was killed")
	}
	return rest
}

// hold takes the lock, prints that, and keeps the lock until its input ends.
func hold(t *testing.T, s *filestore.Store) {
	t.Helper()
	unlock, err := s.Lock(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("locked")
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	fmt.Println("unlocked")
}

func TestLockBetweenProcesses(t *testing.T) {
	s := open(t, t.TempDir())
	wantBusy := func() {
		t.Helper()
		if _, err := s.Lock(t.Context(), "k"); !errors.Is(err, journal.ErrBusy) {
			t.Fatalf("error %v, want %v", err, journal.ErrBusy)
		}
	}
	wantFree := func() {
		t.Helper()
		unlock, err := s.Lock(t.Context(), "k")
		if err != nil {
			t.Fatal(err)
		}
		if err := unlock(); err != nil {
			t.Fatal(err)
		}
		if left := names(t, s.Dir()); len(left) > 0 {
			t.Errorf("the folder holds %q", left)
		}
	}
	t.Run("unlocked", func(t *testing.T) {
		other := start(t, "hold", s.Dir())
		other.line(t)
		wantBusy()
		_ = other.stdin.Close()
		other.line(t)
		wantFree()
		other.lines.Scan()
		if err := other.cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	t.Run("killed", func(t *testing.T) {
		other := start(t, "hold", s.Dir())
		other.line(t)
		wantBusy()
		other.kill(t)
		if _, err := os.Stat(filepath.Join(s.Dir(), "k.lock")); err != nil {
			t.Fatalf("%v, want the temporary file of the dead process", err)
		}
		wantFree()
	})
}

// holdGuard takes the guard of the sample, and keeps it: the lock on its record, or on Windows on a
// file of its own.
func holdGuard(t *testing.T, s *filestore.Store) {
	t.Helper()
	name := sample.Key + ".json"
	if !filelock.Advisory {
		name = sample.Key + ".guard"
	}
	f, err := os.OpenFile(filepath.Join(s.Dir(), name), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := filelock.TryLock(f); err != nil {
		t.Fatal(err)
	}
	fmt.Println("locked")
	_, _ = io.Copy(io.Discard, os.Stdin)
	filelock.Unlock(f)
	_ = f.Close()
}

// increments is how often each process of TestLockRace and TestRevisionRace adds 1.
const increments = 100

// count adds to a number in a file under the lock. Without the lock, others would write
// between its reading and its writing.
func count(t *testing.T, s *filestore.Store) {
	t.Helper()
	number := filepath.Join(s.Dir(), "number")
	for done := 0; done < increments; {
		unlock, err := s.Lock(t.Context(), "k")
		if errors.Is(err, journal.ErrBusy) {
			runtime.Gosched()
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(number)
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.Atoi(string(b))
		if err != nil {
			t.Fatalf("load while another process writes: %v", err)
		}
		if err := os.WriteFile(number, []byte(strconv.Itoa(n+1)), 0o600); err != nil {
			t.Fatal(err)
		}
		done++
		if err := unlock(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLockRace checks that one process holds the lock, although its file is made and removed
// all the time.
func TestLockRace(t *testing.T) {
	s := open(t, t.TempDir())
	number := filepath.Join(s.Dir(), "number")
	if err := os.WriteFile(number, []byte("0"), 0o600); err != nil {
		t.Fatal(err)
	}
	var children []*child
	for range 3 {
		children = append(children, start(t, "count", s.Dir()))
	}
	for _, c := range children {
		var out []string
		for c.lines.Scan() {
			out = append(out, c.lines.Text())
		}
		if err := c.cmd.Wait(); err != nil {
			t.Errorf("%v\n%s", err, strings.Join(out, "\n"))
		}
	}
	b, err := os.ReadFile(number)
	if want := strconv.Itoa(len(children) * increments); err != nil || string(b) != want {
		t.Errorf("the count is %s (%v), want %s", b, err, want)
	}
}

// numbered returns a record in which every field depends on n. Records have different
// lengths.
func numbered(n int) *journal.Record {
	r := &journal.Record{
		Key: "k", URL: fmt.Sprintf("https://tus.example/%d", n), Source: strings.Repeat("x", n%7*997),
		Length: protocol.Known(int64(n)), Offset: int64(n),
	}
	return r
}

// saveForever saves one record after the other, and prints the number of each.
func saveForever(t *testing.T, s *filestore.Store) {
	t.Helper()
	begin, revision := 0, ""
	if r, err := s.Load(t.Context(), "k"); err == nil {
		begin, revision = int(r.Offset), r.Revision
	}
	for n := begin + 1; ; n++ {
		r := numbered(n)
		r.Revision = revision
		if err := s.Save(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		revision = r.Revision
		fmt.Println(n)
	}
}

// TestKilledWhileSaving checks that a killed process leaves the record that it saved last, or
// the one that it was saving, complete.
func TestKilledWhileSaving(t *testing.T) {
	s := open(t, t.TempDir())
	rounds := 12
	if testing.Short() {
		rounds = 2
	}
	for round := range rounds {
		c := start(t, "save", s.Dir())
		said := c.line(t)
		for range rand.IntN(12) {
			said = c.line(t)
		}
		if rest := c.kill(t); len(rest) > 0 {
			said = rest[len(rest)-1]
		}
		last, err := strconv.Atoi(said)
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Load(t.Context(), "k")
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if n := int(r.Offset); n < last || n > last+1 {
			t.Errorf("round %d: the record has offset %d, want the saved %d or the next", round, n, last)
		}
		if want := numbered(int(r.Offset)); r.URL != want.URL || r.Source != want.Source || r.Length != want.Length {
			t.Errorf("round %d: the record mixes two saved records: %+v", round, r)
		}
	}
}

// add adds 1 to the offset of a record again and again. Only revisions keep other processes
// from saving between its Load and its Save.
func add(t *testing.T, s *filestore.Store) {
	t.Helper()
	for done := 0; done < increments; {
		r, err := s.Load(t.Context(), "k")
		if err != nil {
			t.Fatal(err)
		}
		r.Offset++
		err = s.Save(t.Context(), r)
		switch {
		case err == nil:
			done++
		case !errors.Is(err, journal.ErrConflict):
			t.Fatalf("error %v, want ErrConflict", err)
		}
	}
}

// TestRevisionRace checks that no process replaces a record that another one saved after it
// was loaded.
func TestRevisionRace(t *testing.T) {
	s := open(t, t.TempDir())
	save(t, s, &journal.Record{Key: "k", URL: "https://tus.example/1"})
	var children []*child
	for range 3 {
		children = append(children, start(t, "add", s.Dir()))
	}
	for _, c := range children {
		var out []string
		for c.lines.Scan() {
			out = append(out, c.lines.Text())
		}
		if err := c.cmd.Wait(); err != nil {
			t.Errorf("%v\n%s", err, strings.Join(out, "\n"))
		}
	}
	r, err := s.Load(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	if want := int64(len(children) * increments); r.Offset != want {
		t.Errorf("offset %d, want %d", r.Offset, want)
	}
	if left := names(t, s.Dir()); len(left) != 1 {
		t.Errorf("the folder holds %q", left)
	}
}
