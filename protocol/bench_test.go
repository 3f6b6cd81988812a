package protocol_test

import (
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
