package protocol_test

import (
	"errors"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/protocol"
)

const mib = 1 << 20

// filled returns text again and again, in as many whole copies as fit into 1 MiB.
func filled(text string) string { return strings.Repeat(text, mib/len(text)) }

// allocated returns how many bytes f allocates, released ones included.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// A header of 1 MiB, the most that package nethttp reads of an answer, costs a
// small multiple of its size, whatever its elements are.
func TestLongHeadersCostLittle(t *testing.T) {
	const concat = protocol.HeaderUploadConcat
	const metadata = protocol.HeaderUploadMetadata
	const expires = protocol.HeaderUploadExpires
	tests := map[string]struct{ header, value string }{
		"metadata, empty pairs":          {metadata, filled(",")},
		"metadata, pairs without value":  {metadata, filled("a,")},
		"metadata, keys outside ASCII":   {metadata, filled("é,")},
		"metadata, values not in base64": {metadata, filled("a !,")},
		"metadata, one long key":         {metadata, filled("é")},
		"metadata, one long value":       {metadata, "a " + filled("QUFB")},
		"metadata, different keys":       {metadata, numbers(100_000, ",")},
		"concat, valid parts":            {concat, "final;" + filled("a ")},
		"concat, control characters":     {concat, "final;" + filled("\x01 ")},
		"concat, one long part":          {concat, "final;" + filled("\x01")},
		"concat, one long keyword":       {concat, filled("a")},
		"expires":                        {expires, filled("1")},
		"versions":                       {protocol.HeaderVersion, filled("1,")},
		"versions, none valid":           {protocol.HeaderVersion, filled("é,")},
		"extensions":                     {protocol.HeaderExtension, filled("A,")},
		"algorithms":                     {protocol.HeaderChecksumAlgorithm, filled("A,")},
		"maximum size":                   {protocol.HeaderMaxSize, filled("1")},
		"offset":                         {protocol.HeaderUploadOffset, filled("1")},
		"length":                         {protocol.HeaderUploadLength, filled("1")},
		"location":                       {protocol.HeaderLocation, filled("\x01")},
		"checksum":                       {protocol.HeaderUploadChecksum, "sha1 " + filled("!")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h := http.Header{test.header: {test.value}}
			var errs [4]error
			used := allocated(func() {
				_, errs[0] = protocol.ParseHead(h)
				_, errs[1] = protocol.ParseCreated(h)
				_, errs[2] = protocol.ParseCapabilities(h)
				_, errs[3] = protocol.ParseChecksum(h.Get(protocol.HeaderUploadChecksum))
			})
			t.Logf("%d KiB were allocated", used>>10)
			if used > 6*mib {
				t.Errorf("%d bytes were allocated, want at most %v", used, 6*mib)
			}
			for _, err := range errs {
				if err != nil && len(err.Error()) > 4<<10 {
					t.Errorf("an error has a text of %d bytes", len(err.Error()))
				}
				if e, ok := errors.AsType[*protocol.HeaderError](err); ok && len(e.Value) > protocol.MaxErrorValue {
					t.Errorf("an error keeps %d bytes of the value", len(e.Value))
				}
			}
			state, _ := protocol.ParseHead(h)
			for _, w := range state.Warnings {
				if len(w.Error()) > 4<<10 || len(w.Value) > protocol.MaxErrorValue {
					t.Errorf("a warning keeps %d bytes and has a text of %d, want at most %v in Value and at most %v", len(w.Value), len(w.Error()), protocol.MaxErrorValue, 4<<10)
				}
			}
		})
	}
}

// A list of as many elements as the limit allows parses, and encodes back. One
// element more is an error in both directions, and the first elements are read.
func TestLimits(t *testing.T) {
	tests := map[string]struct {
		limit     int
		separator string
		kind      error
		parse     func(string) (int, error)
		encode    func(n int) error
	}{
		"Upload-Metadata": {
			protocol.MaxMetadataPairs, ",", protocol.ErrInvalidMetadata,
			func(s string) (int, error) { m, err := protocol.ParseMetadata(s); return len(m), err },
			func(n int) error {
				m := make(protocol.Metadata)
				for i := range n {
					m[strconv.Itoa(i)] = ""
				}
				_, err := m.Encode()
				if invalid := m.Validate(); (invalid == nil) != (err == nil) {
					t.Errorf("Validate = %v, Encode: %v, want both to succeed or to fail", invalid, err)
				}
				return err
			},
		},
		"Upload-Concat": {
			protocol.MaxConcatParts, " ", protocol.ErrInvalidConcat,
			func(s string) (int, error) { c, err := protocol.ParseConcat("final;" + s); return len(c.Parts), err },
			func(n int) error {
				c := protocol.Concat{Kind: protocol.ConcatFinal, Parts: slices.Repeat([]string{"/a"}, n)}
				_, err := c.Encode()
				return err
			},
		},
		"Tus-Extension": {
			protocol.MaxListElements, ",", protocol.ErrInvalidHeader,
			func(s string) (int, error) { l, err := protocol.ParseList(s); return len(l), err },
			func(n int) error { _, err := protocol.FormatList(slices.Repeat([]string{"a"}, n)); return err },
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			fits := numbers(test.limit, test.separator) + test.separator // an empty element does not count
			if n, err := test.parse(fits); n != test.limit || err != nil {
				t.Errorf("%d elements were parsed as %d, error %v, want %v and no error", test.limit, n, err, test.limit)
			}
			if err := test.encode(test.limit); err != nil {
				t.Errorf("%d elements: %v", test.limit, err)
			}
			n, err := test.parse(fits + "last")
			if n != test.limit {
				t.Errorf("one more element was parsed as %d, want an error", n)
			}
			for _, err := range []error{err, test.encode(test.limit + 1)} {
				if !errors.Is(err, protocol.ErrTooManyElements) || !errors.Is(err, test.kind) || !errors.Is(err, protocol.ErrInvalidHeader) {
					t.Errorf("error %v is not ErrTooManyElements, %v and ErrInvalidHeader", err, test.kind)
				}
			}
		})
	}
}

// ParseCapabilities names the list that is too long, and returns the others.
func TestCapabilitiesOverLimit(t *testing.T) {
	for _, name := range []string{protocol.HeaderVersion, protocol.HeaderExtension, protocol.HeaderChecksumAlgorithm} {
		h := http.Header{
			protocol.HeaderVersion:           {"1.0.0"},
			protocol.HeaderExtension:         {"creation"},
			protocol.HeaderChecksumAlgorithm: {"sha1"},
			protocol.HeaderMaxSize:           {"5"},
		}
		h.Set(name, numbers(protocol.MaxListElements+1, ","))
		c, err := protocol.ParseCapabilities(h)
		e, ok := errors.AsType[*protocol.HeaderError](err)
		if !ok || e.Name != name || !errors.Is(err, protocol.ErrTooManyElements) {
			t.Errorf("%s: error %v, want ErrTooManyElements, ok true and Name %q", name, err, name)
		}
		if len(c.Versions) == 0 || len(c.Extensions) == 0 || len(c.ChecksumAlgorithms) == 0 || c.MaxSize != protocol.Known(5) {
			t.Errorf("%s: capabilities %+v, want some in Versions, some in Extensions, some in ChecksumAlgorithms and MaxSize %v", name, c, protocol.Known(5))
		}
	}
}

// An error about many invalid elements keeps the first three and counts the others.
func TestErrorsOfElementsAreCounted(t *testing.T) {
	_, err := protocol.ParseMetadata(strings.Repeat("é,", 1000))
	const flaw = `metadata key "é" holds a character outside ASCII`
	if want := flaw + "; " + flaw + "; " + flaw + "; and 997 more"; err == nil || err.Error() != want {
		t.Errorf("text\n got %v\nwant %s", err, want)
	}
	_, err = protocol.ParseConcat("final;" + strings.Repeat("\x01 ", protocol.MaxConcatParts+1))
	if n := len(err.(interface{ Unwrap() []error }).Unwrap()); n != 4 {
		t.Errorf("%d errors are kept, want ErrTooManyElements and 3 more", n)
	}
	if want := "more than 32768 parts; part 1"; !strings.HasPrefix(err.Error(), want) {
		t.Errorf("text %q does not begin with %q", err, want)
	}
}

// numbers returns the numbers from 1 to n, a separator after each.
func numbers(n int, separator string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strconv.Itoa(i + 1))
		b.WriteString(separator)
	}
	return b.String()
}
