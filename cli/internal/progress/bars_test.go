package progress_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/progress"
	"github.com/tusker-go/tusker/cli/internal/terminaltest"
	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

// bars runs show in a synctest bubble, with a display of files on a terminal of
// that size.
func bars(t *testing.T, columns, rows, files int, show func(d *progress.Display, s *output.Screen, term *terminaltest.Terminal)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		term := terminaltest.New(t, columns, rows)
		screen := output.NewTerminal(term, term.Size)
		d := progress.Bars(screen, files, true)
		defer d.Close()
		show(d, screen, term)
	})
}

// sending returns a progress event of an upload of 100 MiB.
func sending(sent int64) client.Event {
	return client.Event{Kind: client.EventProgress, Sent: sent * mib, Offset: sent * mib, Length: protocol.Known(100 * mib)}
}

func see(t *testing.T, term *terminaltest.Terminal, want string) {
	t.Helper()
	// The next frame is drawn within this time.
	time.Sleep(250 * time.Millisecond)
	synctest.Wait()
	if diff := cmp.Diff(want, term.Screen()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	columns, _ := term.Size()
	for line := range strings.Lines(term.Screen()) {
		if output.Width(strings.TrimRight(line, "\n")) >= columns {
			t.Errorf("%q fills all %d columns", line, columns)
		}
	}
}

func TestBars(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		columns int
		want    string
	}{
		"wide": {120, `` +
			"a.bin         20% [=======>                              ]      20 MiB of 100 MiB        2.1 MiB/s      0:39\n" +
			"ü b.bin       30% [===========>                          ]  waiting 4 s: 503 from the server, 2 retries\n" +
			"0 of 4 files  25% [=========>                            ]      50 MiB of 200 MiB        4.9 MiB/s      0:31  2 retries"},
		"80 columns": {80, `` +
			"a.bin         20% [==>         ]      20 MiB     2.1 MiB/s      0:39\n" +
			"ü b.bin       30% [===>        ]  waiting 4 s: 503 from the server, 2 retries\n" +
			"0 of 4 files  25% [==>         ]      50 MiB     4.9 MiB/s      0:31  2 retries"},
		"40 columns": {40, `` +
			"a.bin      20% [==>         ]      0:39\n" +
			"ü b.bin waiting 4 s: 503 from the serv…\n" +
			"0/4        25% [==>         ]      0:31"},
		"20 columns": {20, `` +
			"a.bin           20%\n" +
			"…b.bin waiting 4 s…\n" +
			"0 of 4 files    25%"},
		"5 columns": {5, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bars(t, test.columns, 24, 4, func(d *progress.Display, _ *output.Screen, term *terminaltest.Terminal) {
				d.Length(200 * mib)
				time.Sleep(50 * time.Millisecond) // Between two frames.
				for i := range int64(11) {
					time.Sleep(time.Second)
					d.Update(0, "a.bin", sending(i*2))
					d.Update(1, "ü b.bin", sending(i*3))
				}
				for range 2 {
					d.Update(1, "ü b.bin", client.Event{
						Kind: client.EventRetry, Offset: 30 * mib, Sent: 30 * mib, Length: protocol.Known(100 * mib),
						Wait: 4 * time.Second, Err: &client.Error{StatusCode: 503},
					})
				}
				see(t, term, test.want)
			})
		})
	}
}

func TestBarsOfOneFile(t *testing.T) {
	t.Parallel()
	bars(t, 80, 24, 1, func(d *progress.Display, screen *output.Screen, term *terminaltest.Terminal) {
		see(t, term, "")
		d.Update(0, "video.mp4", sending(50))
		see(t, term, "video.mp4  50% [=====>      ]      50 MiB of 100 MiB            0 B/s")
		_, _ = screen.Write([]byte("tusker: something happened\n"))
		see(t, term, "tusker: something happened\n"+
			"video.mp4  50% [=====>      ]      50 MiB of 100 MiB            0 B/s")
		d.Ended(0, false)
		see(t, term, "tusker: something happened")
		d.Close()
		d.Update(0, "video.mp4", sending(60))
		see(t, term, "tusker: something happened")
	})
}

func TestBarsOfUnknownLength(t *testing.T) {
	t.Parallel()
	bars(t, 60, 24, 1, func(d *progress.Display, _ *output.Screen, term *terminaltest.Terminal) {
		d.Update(0, "-", client.Event{Kind: client.EventProgress, Sent: 3 * mib})
		see(t, term, "-                             3 MiB         0 B/s")
	})
}

// The bars of many files fit on the terminal.
func TestBarsOfManyFiles(t *testing.T) {
	t.Parallel()
	for rows, want := range map[int]int{24: 10, 5: 4, 2: 1, 1: 1} {
		t.Run(fmt.Sprint(rows, " rows"), func(t *testing.T) {
			t.Parallel()
			bars(t, 60, rows, 10000, func(d *progress.Display, _ *output.Screen, term *terminaltest.Terminal) {
				for i := range 2000 {
					d.Update(i, fmt.Sprint("file ", i), sending(100))
					d.Ended(i, false)
				}
				for i := range 9 {
					d.Update(2000+i, fmt.Sprint("file ", 2000+i), sending(50))
				}
				time.Sleep(time.Second)
				synctest.Wait()
				lines := strings.Split(term.Screen(), "\n")
				if len(lines) != want || !strings.HasPrefix(lines[len(lines)-1], "2000/10000 ") {
					t.Errorf("%d lines, want %d:\n%s", len(lines), want, term.Screen())
				}
			})
		})
	}
}

func TestBarsSurviveResize(t *testing.T) {
	t.Parallel()
	bars(t, 100, 24, 2, func(d *progress.Display, screen *output.Screen, term *terminaltest.Terminal) {
		_, _ = screen.Write([]byte("before\n"))
		for i, columns := range []int{100, 50, 20, 33, 120, 20, 80} {
			term.Resize(columns, 24)
			d.Update(0, "a long name of a file.bin", sending(int64(10+i)))
			time.Sleep(time.Second)
			synctest.Wait()
			if lines := strings.Split(term.Screen(), "\n"); len(lines) != 3 || lines[0] != "before" {
				t.Errorf("at %d columns, want 3 lines and [0] %q:\n%s", columns, "before", term.Screen())
			}
		}
	})
}

// The display shows that an upload waits for a throttled host, and does not count
// the wait as a retry. After the wait, bytes that the server already had do not
// count as sent.
func TestWaitingForHost(t *testing.T) {
	t.Parallel()
	bars(t, 100, 24, 1, func(d *progress.Display, _ *output.Screen, term *terminaltest.Terminal) {
		wait := sending(0)
		wait.Kind, wait.Wait, wait.Err = client.EventWaiting, 3*time.Second, &client.Error{StatusCode: 429}
		d.Update(0, "a", wait)
		time.Sleep(900 * time.Millisecond)
		synctest.Wait()
		if screen := term.Screen(); !strings.Contains(screen, "waiting 3 s: 429 from the server") || strings.Contains(screen, "retr") {
			t.Errorf("while it waits, want %q in it and no %q in it:\n%s", "waiting 3 s: 429 from the server", "retr", screen)
		}
		resumed := sending(50)
		resumed.Kind = client.EventResumed
		d.Update(0, "a", resumed)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if screen := term.Screen(); strings.Contains(screen, "waiting") || !strings.Contains(screen, "0 B/s") {
			t.Errorf("after the wait, want no %q in it and %q in it:\n%s", "waiting", "0 B/s", screen)
		}
	})
}

// The reason for a wait disappears when the wait is over.
func TestReasonDisappearsAfterWait(t *testing.T) {
	t.Parallel()
	bars(t, 100, 24, 1, func(d *progress.Display, _ *output.Screen, term *terminaltest.Terminal) {
		retry := sending(10)
		retry.Kind, retry.Wait, retry.Err = client.EventRetry, 3*time.Second, &client.Error{StatusCode: 429}
		d.Update(0, "a", sending(10))
		d.Update(0, "a", retry)
		for _, want := range []string{"waiting 3 s: 429", "waiting 2 s: 429", "waiting 1 s: 429"} {
			time.Sleep(900 * time.Millisecond)
			synctest.Wait()
			if !strings.Contains(term.Screen(), want) {
				t.Errorf("no %q in:\n%s", want, term.Screen())
			}
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if strings.Contains(term.Screen(), "waiting") || !strings.Contains(term.Screen(), "1 retry") {
			t.Errorf("after the wait, want no %q in it and %q in it:\n%s", "waiting", "1 retry", term.Screen())
		}
		d.Update(0, "a", retry)
		d.Update(0, "a", sending(11))
		time.Sleep(time.Second)
		synctest.Wait()
		if strings.Contains(term.Screen(), "waiting") {
			t.Errorf("after progress, want no \"waiting\":\n%s", term.Screen())
		}
	})
}
