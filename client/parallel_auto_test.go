package client_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// link is a line on which bodies flow slowly.
type link struct {
	each  int64 // bytes in a second of one request
	all   int64 // of all requests together; 0: as many as there are
	delay time.Duration

	mu    sync.Mutex
	ready time.Time // when the next byte may flow, where all share
	now   int       // requests under way
	most  int
}

func (l *link) hook(w http.ResponseWriter, r *http.Request, next http.Handler) {
	time.Sleep(l.delay)
	if r.Method == http.MethodPatch {
		l.mu.Lock()
		l.now++
		l.most = max(l.most, l.now)
		l.mu.Unlock()
		defer func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.now--
		}()
		r.Body = &slowBody{r.Body, l}
	}
	next.ServeHTTP(w, r)
}

type slowBody struct {
	io.ReadCloser
	l *link
}

func (b *slowBody) Read(p []byte) (int, error) {
	p = p[:min(len(p), 64<<10)]
	n, err := io.ReadFull(b.ReadCloser, p)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	wait := time.Duration(n) * time.Second / time.Duration(b.l.each)
	if b.l.all > 0 {
		b.l.mu.Lock()
		if now := time.Now(); b.l.ready.Before(now) {
			b.l.ready = now
		}
		b.l.ready = b.l.ready.Add(time.Duration(n) * time.Second / time.Duration(b.l.all))
		wait = max(wait, time.Until(b.l.ready))
		b.l.mu.Unlock()
	}
	time.Sleep(wait)
	return n, err
}

// One connection is enough where it is fast; where each is slow, more and more
// are used as long as that helps.
func TestParallelAuto(t *testing.T) {
	const mb = 1000 * 1000
	const most = 128 << 20
	tests := map[string]struct {
		size       int
		link       *link
		extensions []protocol.Extension
		chunk      int64
		parts      bool
		least      int // connections at a time
		most       int
		time       time.Duration
	}{
		"fast":                    {size: 48 << 20, link: &link{each: 100 * mb}, least: 1, most: 1, time: 1400 * time.Millisecond},
		"slow connections":        {link: &link{each: 10 * mb}, parts: true, least: 16, most: 16, time: 2 * time.Second},
		"slow and far away":       {link: &link{each: 10 * mb, delay: 50 * time.Millisecond}, parts: true, least: 16, most: 16, time: 2500 * time.Millisecond},
		"slow line":               {size: 64 << 20, link: &link{each: 10 * mb, all: 10 * mb}, parts: true, least: 8, most: 9, time: 14 * time.Second},
		"line of four":            {size: 64 << 20, link: &link{each: 5 * mb, all: 20 * mb}, parts: true, least: 8, most: 16, time: 8 * time.Second},
		"no concatenation":        {size: 48 << 20, link: &link{each: 10 * mb}, extensions: []protocol.Extension{protocol.ExtensionCreation}, least: 1, most: 1, time: 14 * time.Second},
		"chunks that were wished": {size: 48 << 20, link: &link{each: 10 * mb}, chunk: 32 << 20, least: 1, most: 1, time: 14 * time.Second},
	}
	all := noise(most)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, data := test.link, all
				if test.size > 0 {
					data = all[:test.size]
				}
				size := int64(len(data))
				var store client.MemoryStore
				var log bytes.Buffer
				s := fake.New(t, fake.Config{Hook: l.hook, Extensions: test.extensions})
				var events []client.Event
				began := time.Now()
				res, err := newClient(t, s, splitting(&store, &log)).Upload(t.Context(), path(t, write(t, data)),
					&client.UploadOptions{Parallel: client.ParallelAuto, ChunkSize: test.chunk, OnEvent: recordEvents(&events)})
				if err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); took > test.time {
					t.Errorf("took %v, want %v at most", took, test.time)
				}
				wantStored(t, s, res.URL, data)
				wantNoRecord(t, &store)
				wantNoWarning(t, &log)
				if l.most < test.least || l.most > test.most {
					t.Errorf("%d connections at a time, want %d to %d", l.most, test.least, test.most)
				}
				if (res.Parts != nil) != test.parts {
					t.Errorf("%d parts", len(res.Parts))
				}
				n := counts(s, 0)
				if test.parts && (n["DELETE"] != 1 || n["OPTIONS"] != 1 || n[final] != 1 || n[partial] > 64) {
					t.Errorf("requests %v", n)
				}
				if !test.parts && n["POST"] != 1 {
					t.Errorf("requests %v", n)
				}
				if test.parts && res.Sent > size+size/20 {
					t.Errorf("%d bytes sent twice", res.Sent-size)
				}
				wantOrder(t, events)
			})
		})
	}
}

// What began in parts goes on in parts, with those that were not begun yet
// divided anew.
func TestParallelAutoGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 128 << 20
		l := &link{each: 10 * 1000 * 1000}
		var store client.MemoryStore
		s := fake.New(t, fake.Config{Hook: l.hook})
		data := noise(size)
		name := write(t, data)
		opts := &client.UploadOptions{Parallel: client.ParallelAuto}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		res, err := newClient(t, s, splitting(&store, nil)).Upload(ctx, path(t, name), opts)
		wantIs(t, err, context.DeadlineExceeded)
		record := onlyRecord(t, &store)
		if len(record.Parts) < 4 || record.Parts[0].URL == "" || record.Parts[len(record.Parts)-1].End != size {
			t.Fatalf("record %+v", record)
		}
		time.Sleep(time.Second) // the server reads what it was sent
		sent := res.Sent
		var log bytes.Buffer
		res, err = newClient(t, s, splitting(&store, &log)).Upload(t.Context(), path(t, name), opts)
		if err != nil {
			t.Fatal(err)
		}
		wantStored(t, s, res.URL, data)
		wantNoRecord(t, &store)
		wantNoWarning(t, &log)
		// The first fifth of a second, and what the pipes held.
		if twice := sent + res.Sent - size; twice > size/16 {
			t.Errorf("%d bytes sent twice", twice)
		}
	})
}

// Long names leave room for few parts in one header.
func TestParallelAutoLongNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 128 << 20
		l := &link{each: 10 * 1000 * 1000}
		s := fake.New(t, fake.Config{Hook: l.hook, Location: func(path string) string {
			return path + "?" + strings.Repeat("long", 300)
		}})
		var log bytes.Buffer
		data := noise(size)
		res, err := newClient(t, s, splitting(new(client.MemoryStore), &log)).Upload(t.Context(), path(t, write(t, data)),
			&client.UploadOptions{Parallel: client.ParallelAuto})
		if err != nil {
			t.Fatal(err)
		}
		wantStored(t, s, res.URL, data)
		requests := s.Requests()
		if got := len(requests[len(requests)-1].Header.Get(protocol.HeaderUploadConcat)); got > 8<<10 {
			t.Errorf("Upload-Concat of %d bytes", got)
		}
	})
}
