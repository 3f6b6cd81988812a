package sourcetest_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/tusker-go/tusker/client/source"
	"github.com/tusker-go/tusker/client/sourcetest"
	"github.com/tusker-go/tusker/protocol"
)

// blob is a source of a program's own: bytes in memory, with a version.
type blob struct {
	name, version string
	data          []byte
}

func (b *blob) Name() string            { return b.name }
func (b *blob) Length() protocol.Length { return protocol.Known(int64(len(b.data))) }

func (b *blob) Open(context.Context, int64) (source.Handle, error) { return &openBlob{b}, nil }

// openBlob is a blob in an upload. It has an Identity, so that its uploads have records.
type openBlob struct{ *blob }

func (b *openBlob) Identity() string { return b.name + " " + b.version }

func (b *openBlob) Chunk(_ context.Context, off, most int64) (source.Chunk, error) {
	rng, err := protocol.Next(off, b.Length(), most)
	if err != nil {
		return source.Chunk{}, source.Error(err)
	}
	data := b.data[rng.Start:rng.End]
	return source.Chunk{
		Range: rng, Last: rng.End == int64(len(b.data)), Data: data,
		Reader: func() (io.Reader, error) { return bytes.NewReader(data), nil },
	}, nil
}

func (b *openBlob) Check(context.Context) error { return nil } // a blob never changes
func (b *openBlob) Close() error                { return nil }

// In a test file of your own, TestBlob would have this body.
func ExampleRun() {
	_ = func(t *testing.T) {
		t.Helper()
		content := []byte("the bytes of a blob")
		sourcetest.Run(t, func(*testing.T) sourcetest.Config {
			return sourcetest.Config{
				Source:  &blob{"greeting", "1", content},
				Content: content,
				Other:   func(*testing.T) source.Source { return &blob{"greeting", "2", content[1:]} },
			}
		})
	}
	// Output:
}

// The source of the example passes the suite.
func TestBlob(t *testing.T) {
	content := noise(1000)
	sourcetest.Run(t, func(*testing.T) sourcetest.Config {
		return sourcetest.Config{
			Source:  &blob{"greeting", "1", content},
			Content: content,
			Other:   func(*testing.T) source.Source { return &blob{"greeting", "2", content[1:]} },
		}
	})
}
