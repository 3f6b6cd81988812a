package protocol_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/tusker-go/tusker/protocol"
)

func BenchmarkParseHead(b *testing.B) {
	benchmarks := []struct{ name, header string }{
		{"offset and length", "Upload-Offset: 70\nUpload-Length: 100"},
		{"everything", `
			Upload-Offset: 70
			Upload-Length: 100
			Upload-Metadata: filename d29ybGRfZG9taW5hdGlvbl9wbGFuLnBkZg==,is_confidential
			Upload-Concat: final;/files/a /files/b
			Upload-Expires: Wed, 25 Jun 2014 16:00:00 GMT
		`},
	}
	for _, bb := range benchmarks {
		b.Run(bb.name, func(b *testing.B) {
			h := lines(b, bb.header)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := protocol.ParseHead(h); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkMetadataEncode(b *testing.B) {
	metadata := protocol.Metadata{"filename": "world_domination_plan.pdf", "filetype": "application/pdf", "is_confidential": ""}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := metadata.Encode(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPatchSetHeader(b *testing.B) {
	h := http.Header{}
	b.ReportAllocs()
	for b.Loop() {
		if err := (protocol.Patch{Offset: 70}).SetHeader(h); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseCreated(b *testing.B) {
	h := lines(b, "Location: https://tus.example/files/24e533e02ec3bc40c387f1a0e460e216\nUpload-Offset: 4096")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := protocol.ParseCreated(h); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParsePatched(b *testing.B) {
	h := lines(b, "Upload-Offset: 2147483648")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := protocol.ParsePatched(h); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseMetadata(b *testing.B) {
	const text = "filename d29ybGRfZG9taW5hdGlvbl9wbGFuLnBkZg==,filetype YXBwbGljYXRpb24vcGRm,is_confidential"
	b.ReportAllocs()
	for b.Loop() {
		if _, err := protocol.ParseMetadata(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseCapabilities(b *testing.B) {
	h := lines(b, `
		Tus-Version: 1.0.0,0.2.2,0.2.1
		Tus-Extension: creation,creation-with-upload,termination,concatenation,creation-defer-length
		Tus-Max-Size: 1073741824
	`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := protocol.ParseCapabilities(h); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCreationSetHeader(b *testing.B) {
	h := http.Header{}
	creation := protocol.Creation{
		Length:   protocol.Known(4096),
		Metadata: protocol.Metadata{"filename": "world_domination_plan.pdf", "filetype": "application/pdf"},
		WithBody: true,
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := creation.SetHeader(h); err != nil {
			b.Fatal(err)
		}
	}
}

// Upload-Concat with the URLs of the parts of a large file.
func BenchmarkConcat(b *testing.B) {
	ranges := protocol.Split(1<<40, 32)
	parts := make([]string, len(ranges))
	for i := range parts {
		parts[i] = fmt.Sprintf("https://tus.example/files/%032d", i)
	}
	concat := protocol.Concat{Kind: protocol.ConcatFinal, Parts: parts}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := concat.Encode(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNext(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		rng, err := protocol.Next(70<<20, protocol.Known(1<<40), 8<<20)
		if err != nil {
			b.Fatal(err)
		}
		if err := rng.Accept(rng.End); err != nil {
			b.Fatal(err)
		}
	}
}
