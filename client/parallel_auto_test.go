package client_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// ParallelAuto uses one connection if it is fast. If each connection is slow, it adds
// connections while the rate rises.
func TestParallelAuto(t *testing.T) {
	const mb = 1000 * 1000
	const most = 128 << 20
	tests := map[string]struct {
		size       int
		link       *clienttest.SlowLink
		extensions []protocol.Extension
		chunk      int64
		parts      bool
		least      int // connections at a time
		most       int
		time       time.Duration
	}{
		"fast":                  {size: 48 << 20, link: &clienttest.SlowLink{RequestRate: 100 * mb}, least: 1, most: 1, time: 1400 * time.Millisecond},
		"slow connections":      {link: &clienttest.SlowLink{RequestRate: 10 * mb}, parts: true, least: 16, most: 16, time: 2 * time.Second},
		"slow and far away":     {link: &clienttest.SlowLink{RequestRate: 10 * mb, Delay: 50 * time.Millisecond}, parts: true, least: 16, most: 16, time: 2500 * time.Millisecond},
		"slow line":             {size: 64 << 20, link: &clienttest.SlowLink{RequestRate: 10 * mb, TotalRate: 10 * mb}, parts: true, least: 8, most: 9, time: 14 * time.Second},
		"line of four":          {size: 64 << 20, link: &clienttest.SlowLink{RequestRate: 5 * mb, TotalRate: 20 * mb}, parts: true, least: 8, most: 16, time: 8 * time.Second},
		"no concatenation":      {size: 48 << 20, link: &clienttest.SlowLink{RequestRate: 10 * mb}, extensions: []protocol.Extension{protocol.ExtensionCreation}, least: 1, most: 1, time: 14 * time.Second},
		"configured chunk size": {size: 48 << 20, link: &clienttest.SlowLink{RequestRate: 10 * mb}, chunk: 32 << 20, least: 1, most: 1, time: 14 * time.Second},
	}
	all := clienttest.Noise(most)
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
				s := fake.New(t, fake.Config{Hook: l.Hook, Extensions: test.extensions})
				var events []client.Event
				began := time.Now()
				res, err := clienttest.NewClient(t, s, clienttest.PartsConfig(&store, &log)).Upload(t.Context(), clienttest.PathSource(t, clienttest.WriteFile(t, data)),
					&client.UploadOptions{Parallel: client.ParallelAuto, ChunkSize: test.chunk, OnEvent: clienttest.RecordEvents(&events)})
				if err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); took > test.time {
					t.Errorf("took %v, want %v at most", took, test.time)
				}
				clienttest.WantStored(t, s, res.URL, data)
				clienttest.WantNoRecord(t, &store)
				clienttest.WantNoWarning(t, &log)
				if l.Most < test.least || l.Most > test.most {
					t.Errorf("%d connections at a time, want %d to %d", l.Most, test.least, test.most)
				}
				if (res.Parts != nil) != test.parts {
					t.Errorf("%d parts, want some: %t", len(res.Parts), test.parts)
				}
				n := clienttest.RequestCounts(s, 0)
				if test.parts && (n["DELETE"] != 1 || n["OPTIONS"] != 1 || n[clienttest.PostFinal] != 1 || n[clienttest.PostPartial] > 64) {
					t.Errorf("requests %v, want 1 DELETE, 1 OPTIONS, 1 join and at most 64 parts", n)
				}
				if !test.parts && n["POST"] != 1 {
					t.Errorf("requests %v, want 1 POST", n)
				}
				if test.parts && res.Sent > size+size/20 {
					t.Errorf("%d bytes sent twice", res.Sent-size)
				}
				clienttest.WantEventOrder(t, events)
			})
		})
	}
}

// A later run resumes the parts of ParallelAuto, and divides the rest of the file again.
func TestParallelAutoResumes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 128 << 20
		l := &clienttest.SlowLink{RequestRate: 10 * 1000 * 1000}
		var store client.MemoryStore
		s := fake.New(t, fake.Config{Hook: l.Hook})
		data := clienttest.Noise(size)
		name := clienttest.WriteFile(t, data)
		opts := &client.UploadOptions{Parallel: client.ParallelAuto}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		res, err := clienttest.NewClient(t, s, clienttest.PartsConfig(&store, nil)).Upload(ctx, clienttest.PathSource(t, name), opts)
		clienttest.WantErrorIs(t, err, context.DeadlineExceeded)
		record := clienttest.OnlyRecord(t, &store)
		if len(record.Parts) < 4 || record.Parts[0].URL == "" || record.Parts[len(record.Parts)-1].End != size {
			t.Fatalf("record %+v, want at least 4 in Parts, Parts[0].URL not empty and End %v", record, size)
		}
		time.Sleep(time.Second) // the server reads the bytes that were sent
		sent := res.Sent
		var log bytes.Buffer
		res, err = clienttest.NewClient(t, s, clienttest.PartsConfig(&store, &log)).Upload(t.Context(), clienttest.PathSource(t, name), opts)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		clienttest.WantNoRecord(t, &store)
		clienttest.WantNoWarning(t, &log)
		// Only the bytes of the first connection and those in the pipes are sent twice.
		if twice := sent + res.Sent - size; twice > size/16 {
			t.Errorf("%d bytes sent twice, want at most %v", twice, size/16)
		}
	})
}

// If the URLs of parts are long, there are fewer parts, so that one header can name them.
func TestParallelAutoLongNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 128 << 20
		l := &clienttest.SlowLink{RequestRate: 10 * 1000 * 1000}
		s := fake.New(t, fake.Config{Hook: l.Hook, Location: func(path string) string {
			return path + "?" + strings.Repeat("long", 300)
		}})
		var log bytes.Buffer
		data := clienttest.Noise(size)
		res, err := clienttest.NewClient(t, s, clienttest.PartsConfig(new(client.MemoryStore), &log)).Upload(t.Context(), clienttest.PathSource(t, clienttest.WriteFile(t, data)),
			&client.UploadOptions{Parallel: client.ParallelAuto})
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		requests := s.Requests()
		if got := len(requests[len(requests)-1].Header.Get(protocol.HeaderUploadConcat)); got > 8<<10 {
			t.Errorf("Upload-Concat of %d bytes, want at most %v", got, 8<<10)
		}
	})
}
