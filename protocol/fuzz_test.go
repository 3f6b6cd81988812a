package protocol_test

import (
	"net/http"
	"reflect"
	"testing"

	"github.com/tusker-go/tusker/protocol"
)

// A value that parses must encode, and the encoded value must parse to the same value.
// Nothing may panic. The seeds are in testdata/fuzz.

func FuzzParseLength(f *testing.F) {
	f.Fuzz(func(t *testing.T, s string) {
		length, err := protocol.ParseLength(s)
		if err != nil {
			if length != (protocol.Length{}) {
				t.Fatalf("value %v and error %v, want only one of them", length, err)
			}
			return
		}
		back, err := protocol.ParseLength(length.String())
		if err != nil || back != length {
			t.Fatalf("%v parsed again is %v, %v, want %v and no error", length, back, err, length)
		}
		offset, err := protocol.ParseOffset(s)
		if n, known := length.Int64(); err != nil || !known || n != offset || n < 0 {
			t.Fatalf("length %v, offset %d, %v, want %v, at least 0, no error and known true", length, offset, err, offset)
		}
	})
}

func FuzzParseMetadata(f *testing.F) {
	f.Fuzz(func(t *testing.T, s string) {
		// Metadata that is returned with an error encodes too.
		metadata, _ := protocol.ParseMetadata(s)
		encoded, err := metadata.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := protocol.ParseMetadata(encoded)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back, metadata) {
			t.Fatalf("parsed again from %q: %q, want %q", encoded, back, metadata)
		}
	})
}

func FuzzMetadataEncode(f *testing.F) {
	f.Fuzz(func(t *testing.T, key, value, otherKey, otherValue string) {
		metadata := protocol.Metadata{key: value, otherKey: otherValue}
		encoded, err := metadata.Encode()
		if err != nil {
			return
		}
		back, err := protocol.ParseMetadata(encoded)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back, metadata) {
			t.Fatalf("parsed from %q: %q, want %q", encoded, back, metadata)
		}
	})
}

func FuzzParseConcat(f *testing.F) {
	f.Fuzz(func(t *testing.T, s string) {
		concat, err := protocol.ParseConcat(s)
		if err != nil {
			return
		}
		encoded, err := concat.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := protocol.ParseConcat(encoded)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back, concat) {
			t.Fatalf("parsed again from %q: %+v, want %+v", encoded, back, concat)
		}
	})
}

func FuzzParseChecksum(f *testing.F) {
	f.Fuzz(func(t *testing.T, s string) {
		checksum, err := protocol.ParseChecksum(s)
		if err != nil {
			return
		}
		encoded, err := checksum.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := protocol.ParseChecksum(encoded)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back, checksum) {
			t.Fatalf("parsed again from %q: %+v, want %+v", encoded, back, checksum)
		}
	})
}

func FuzzParseExpires(f *testing.F) {
	f.Fuzz(func(t *testing.T, s string) {
		date, err := protocol.ParseExpires(s)
		if err != nil {
			return
		}
		encoded := protocol.FormatExpires(date)
		back, err := protocol.ParseExpires(encoded)
		if err != nil || !back.Equal(date) {
			t.Fatalf("%v written as %q is %v, %v, want %v and no error", date, encoded, back, err, date)
		}
	})
}

func FuzzParseList(f *testing.F) {
	f.Fuzz(func(t *testing.T, s string) {
		list, _ := protocol.ParseList(s)
		encoded, err := protocol.FormatList(list)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := protocol.ParseList(encoded); err != nil || !reflect.DeepEqual(got, list) {
			t.Fatalf("parsed again from %q: %q, want %q", encoded, got, list)
		}
	})
}

func FuzzParseCapabilities(f *testing.F) {
	f.Fuzz(func(t *testing.T, version, extension, algorithm, maxSize string) {
		capabilities, err := protocol.ParseCapabilities(http.Header{
			protocol.HeaderVersion:           {version},
			protocol.HeaderExtension:         {extension},
			protocol.HeaderChecksumAlgorithm: {algorithm},
			protocol.HeaderMaxSize:           {maxSize},
		})
		if err != nil {
			return
		}
		h := http.Header{}
		if err := capabilities.SetHeader(h); err != nil {
			t.Fatal(err)
		}
		back, err := protocol.ParseCapabilities(h)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back, capabilities) {
			t.Fatalf("parsed again from %v: %+v, want %+v", h, back, capabilities)
		}
	})
}

func FuzzParseHead(f *testing.F) {
	f.Fuzz(func(t *testing.T, offset, length, deferred, metadata, concat, expires string) {
		h := http.Header{
			protocol.HeaderUploadOffset:      {offset},
			protocol.HeaderUploadLength:      {length},
			protocol.HeaderUploadDeferLength: {deferred},
			protocol.HeaderUploadMetadata:    {metadata},
			protocol.HeaderUploadConcat:      {concat},
			protocol.HeaderUploadExpires:     {expires},
		}
		state, err := protocol.ParseHead(h)
		if _, patchedErr := protocol.ParsePatched(h); err == nil && patchedErr != nil && state.Concat.Kind != protocol.ConcatFinal {
			t.Fatalf("the answer to HEAD is valid, that to PATCH is not: %v", patchedErr)
		}
		if err != nil || state.Warning(protocol.HeaderUploadConcat) != nil {
			return
		}
		written := http.Header{}
		if err := state.SetHeader(written); err != nil {
			t.Fatal(err)
		}
		back, err := protocol.ParseHead(written)
		if err != nil {
			t.Fatal(err)
		}
		state.Warnings = nil
		if !reflect.DeepEqual(back, state) {
			t.Fatalf("parsed again from %v: %+v, want %+v", written, back, state)
		}
	})
}

func FuzzParseCreated(f *testing.F) {
	f.Fuzz(func(t *testing.T, location, offset, expires string) {
		state, err := protocol.ParseCreated(http.Header{
			protocol.HeaderLocation:      {location},
			protocol.HeaderUploadOffset:  {offset},
			protocol.HeaderUploadExpires: {expires},
		})
		if err != nil {
			return
		}
		written := http.Header{}
		if err := state.SetHeader(written); err != nil {
			t.Fatal(err)
		}
		back, err := protocol.ParseCreated(written)
		if err != nil {
			t.Fatal(err)
		}
		state.Warnings = nil
		if !reflect.DeepEqual(back, state) {
			t.Fatalf("parsed again from %v: %+v, want %+v", written, back, state)
		}
	})
}

func FuzzNext(f *testing.F) {
	f.Fuzz(func(t *testing.T, offset, n, chunk int64) {
		length := protocol.Known(n)
		r, err := protocol.Next(offset, length, chunk)
		if err != nil {
			return
		}
		if r.Start != offset || r.Len() < 0 || (chunk > 0 && r.Len() > chunk) || (n >= 0 && r.End > n) {
			t.Fatalf("Next(%d, %v, %d) = %v, want Start %d, at most %d bytes and an end of at most %d", offset, length, chunk, r, offset, chunk, n)
		}
		if n > offset && r.Len() == 0 {
			t.Fatalf("Next(%d, %v, %d) = %v, want progress", offset, length, chunk, r)
		}
	})
}

func FuzzSplit(f *testing.F) {
	f.Fuzz(func(t *testing.T, length int64, n int) {
		n = min(n, 1000)
		ranges := protocol.Split(length, n)
		at := int64(0)
		for _, r := range ranges {
			if r.Start != at || r.Len() < 0 || r.Len() > ranges[0].Len() || r.Len() < ranges[0].Len()-1 {
				t.Fatalf("Split(%d, %d) = %v, want Len at least 0, Len at most %v, Len at least %v and Start %v", length, n, ranges, ranges[0].Len(), ranges[0].Len()-1, at)
			}
			at = r.End
		}
		if at != max(length, 0) || len(ranges) > max(n, 1) {
			t.Fatalf("Split(%d, %d) = %v, want at most %v of them and at %v", length, n, ranges, max(n, 1), max(length, 0))
		}
	})
}
