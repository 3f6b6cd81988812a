package rufh_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"testing"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// A response that parses is written, and the written fields parse to the same response. Its
// meaning is one of the known ones, and a final response has no meaning of an interim one.
func FuzzJudge(f *testing.F) {
	f.Add(uint8(10), uint8(1), true, 104, "10", "/u/1", "5", "10", "?0", "max-size=5, max-age=9", false)
	f.Add(uint8(6), uint8(3), true, 204, "", "", "20", "", "", "", false)
	f.Add(uint8(3), uint8(3), false, 409, "3", "", "5;a", "x", "?1", "expires=1,min-size=2,max-size=1", false)
	f.Add(uint8(9), uint8(2), false, 200, "", "", "5", "4", "", "", true)
	ops := []protocol.Op{protocol.OpOptions, protocol.OpCreate, protocol.OpHead, protocol.OpPatch, protocol.OpTerminate}
	f.Fuzz(func(t *testing.T, version, op uint8, complete bool, status int, declared, location, offset, length, done, limits string, tus bool) {
		v := rufh.Version(version)
		h := http.Header{}
		for name, value := range map[string]string{
			rufh.HeaderInteropVersion: declared, protocol.HeaderLocation: location, rufh.HeaderUploadOffset: offset,
			rufh.HeaderUploadLength: length, v.HeaderComplete(): done, rufh.HeaderUploadLimit: limits,
		} {
			h.Set(name, value)
		}
		if tus {
			h.Set(protocol.HeaderResumable, protocol.Version)
		}
		r := v.ParseResponse(status, h)
		x := rufh.Exchange{Version: v, Op: ops[int(op)%len(ops)], Complete: complete, End: protocol.Known(20)}
		got := rufh.Judge(x, r)
		switch {
		case got.Meaning.String() == "unknown":
			t.Fatalf("meaning %d, want one with a name", got.Meaning)
		case status/100 == 1 && got.Meaning > rufh.Progressed && got.Meaning != rufh.Relocated,
			status/100 != 1 && got.Meaning <= rufh.Progressed:
			t.Fatalf("status %d is %v", status, got.Meaning)
		case tus && status/100 != 1 && got.Meaning != rufh.OtherProtocol:
			t.Fatalf("Tus-Resumable is %v, want OtherProtocol", got.Meaning)
		}
		back := http.Header{}
		if err := r.SetHeader(v, back); err != nil {
			t.Fatalf("%+v: %v", r, err)
		}
		again := v.ParseResponse(status, back)
		again.Tus, again.Contradiction, r.Contradiction, r.Void = r.Tus, nil, nil, nil
		if !reflect.DeepEqual(again, r) {
			t.Fatalf("parsed again from %v: %+v, want %+v", back, again, r)
		}
	})
}

// A request that is written parses to the same request.
func FuzzAppend(f *testing.F) {
	f.Add(uint8(10), int64(5), int64(9), true)
	f.Add(uint8(3), int64(-5), int64(0), false)
	f.Fuzz(func(t *testing.T, version uint8, offset, length int64, complete bool) {
		v := rufh.Version(version)
		h := http.Header{}
		if (rufh.Append{Version: v, Offset: offset, Length: protocol.Known(length), Complete: complete}).SetHeader(h) != nil {
			if len(h) > 0 {
				t.Fatalf("written: %v, want none", h)
			}
			return
		}
		got := rufh.ParseRequest(h)
		want := rufh.Request{Version: v, Offset: protocol.Known(offset), Complete: rufh.Incomplete}
		if complete {
			want.Complete = rufh.Complete
		}
		if v >= 7 {
			want.Length = protocol.Known(length)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v, want %+v", got, want)
		}
	})
}

// Limits that parse are written, and the written ones parse to the same limits.
func FuzzParseLimits(f *testing.F) {
	f.Add(uint8(10), "max-size=9, min-size=1, max-append-size=8, min-append-size=2, max-age=60")
	f.Add(uint8(6), "expires=60;a=b, other=(1 2)")
	f.Add(uint8(10), "max-age=999999999999999")
	f.Fuzz(func(t *testing.T, version uint8, value string) {
		v := rufh.Version(version)
		limits, err := v.ParseLimits(value)
		if errors.Is(err, protocol.ErrInvalidHeader) {
			if limits != (protocol.Limits{}) {
				t.Fatalf("%+v and %v, want %v", limits, err, protocol.Limits{})
			}
			return
		}
		encoded, formatErr := v.FormatLimits(limits)
		if formatErr != nil {
			t.Fatal(formatErr)
		}
		again, againErr := v.ParseLimits(encoded)
		if err == nil && (again != limits || againErr != nil) {
			t.Fatalf("parsed again from %q: %+v, %v, want %+v", encoded, again, againErr, limits)
		}
	})
}

// The name of a file arrives as it is.
func FuzzName(f *testing.F) {
	for _, name := range []string{"a.txt", "file name.jpg", "größe", `"\%`, "\r\n\x00", "\xff"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		h := http.Header{}
		if err := (rufh.Creation{Version: rufh.Newest, Name: name}).SetHeader(h); err != nil {
			t.Fatal(err)
		}
		if name != "" {
			checkDisposition(t, h.Get("Content-Disposition"), name)
		}
	})
}

// A problem that parses encodes back.
func FuzzParseProblem(f *testing.F) {
	f.Add([]byte(`{"type":"https://iana.org/assignments/http-problem-types#mismatching-upload-offset","expected-offset":5}`))
	f.Add([]byte(`{"type":5,"provided-offset":"7"}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		p, err := rufh.ParseProblem(rufh.ProblemMediaType, content)
		if err != nil {
			return
		}
		encoded, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := rufh.ParseProblem(rufh.ProblemMediaType, encoded); err != nil || again != p {
			t.Fatalf("parsed again from %s: %+v, %v, want %+v", encoded, again, err, p)
		}
	})
}
