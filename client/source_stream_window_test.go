package client_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// The largest possible window and chunk size do not overflow, at every offset of the stream.
func TestStreamWithLargestNumbers(t *testing.T) {
	const most = 1<<63 - 1
	data := clienttest.Noise(1000)
	tests := map[string]struct {
		opts  client.StreamOptions
		chunk int64
	}{
		"window":              {client.StreamOptions{Window: most}, 0},
		"window, chunked":     {client.StreamOptions{Window: most}, 70},
		"chunk":               {client.StreamOptions{}, most},
		"window and chunk":    {client.StreamOptions{Window: most}, most},
		"with a known length": {client.StreamOptions{Window: most, Length: protocol.Known(1000)}, most},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				s.On(http.MethodPatch, fake.Cut(30), nil, fake.Lose)
				url := s.Put(data[:100], test.opts.Length, nil)
				src := client.Stream(clienttest.SlowReader{Reader: iotest.HalfReader(strings.NewReader(data)), Gap: time.Second}, &test.opts)
				res, err := clienttest.NewClient(t, s, client.Config{ChunkSize: test.chunk}).Resume(t.Context(), url, src, nil)
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, url, data)
				if res.Resumed != 100 || res.Length != protocol.Known(1000) {
					t.Errorf("result %+v, want Resumed 100 and Length %v", res, protocol.Known(1000))
				}
			})
		})
	}
	t.Run("known length", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := fake.New(t, fake.Config{})
			src := client.Stream(strings.NewReader("hello"), &client.StreamOptions{Window: most, Length: protocol.Known(most)})
			_, err := clienttest.NewClient(t, s, client.Config{}).Upload(t.Context(), src, nil)
			clienttest.WantErrorIs(t, err, client.ErrSource, client.ErrSourceChanged)
		})
	})
}

// Acknowledged bytes that the server lost are sent again if the window still has them. The
// window keeps the latest bytes, even if they are acknowledged.
func TestStreamGoesBack(t *testing.T) {
	data := clienttest.Noise(1000)
	bytewise := func(s string) io.Reader {
		return clienttest.SlowReader{Reader: iotest.OneByteReader(strings.NewReader(s)), Gap: time.Second}
	}
	tests := map[string]struct {
		reader      func(string) io.Reader // nil: all bytes are available at once
		keep, chunk int64
		patches     int // number of PATCHes that succeed
		to          int // offset of the server after them
		is          error
	}{
		"one byte":               {nil, 1 << 30, 100, 3, 299, nil},
		"to the beginning":       {nil, 1 << 30, 100, 9, 0, nil},
		"all, and one byte room": {nil, 1001, 100, 9, 0, nil},
		"near the end":           {nil, 100, 10, 95, 925, nil},
		"before the window":      {nil, 100, 10, 95, 899, client.ErrSourceWindow},
		"crowded out":            {nil, 100, 10, 10, 99, client.ErrSourceWindow},
		"of a pipe":              {bytewise, 100, 10, 10, 40, nil},
		"of a pipe, half window": {bytewise, 100, 0, 2, 75, nil},
		"of a pipe, too far":     {bytewise, 100, 10, 10, 10, client.ErrSourceWindow},
		"of a pipe, tiny window": {bytewise, 8, 2, 10, 16, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(t, fake.Config{})
				actions := make([]fake.Action, test.patches+1)
				actions[test.patches] = func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					synctest.Wait() // the stream was read up to the window
					s.Truncate("/files/1", test.to)
					fake.Cut(0)(w, r, next)
				}
				s.On(http.MethodPatch, actions...)
				r := io.Reader(strings.NewReader(data))
				if test.reader != nil {
					r = test.reader(data)
				}
				src := client.Stream(r, &client.StreamOptions{Window: test.keep})
				var events []client.Event
				res, err := clienttest.NewClient(t, s, client.Config{ChunkSize: test.chunk}).Upload(t.Context(), src,
					&client.UploadOptions{OnEvent: clienttest.RecordEvents(&events)})
				time.Sleep(time.Second) // a running Read ends
				if test.is != nil {
					clienttest.WantErrorIs(t, err, client.ErrSource, test.is)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				clienttest.WantStored(t, s, res.URL, data)
				if !slices.Contains(clienttest.EventKinds(events), "rewound") {
					t.Errorf("events %q, want %q in it", clienttest.EventKinds(events), "rewound")
				}
			})
		})
	}
}
