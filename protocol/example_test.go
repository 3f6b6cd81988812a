package protocol_test

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/tusker-go/tusker/protocol"
)

// A client resumes an upload. It parses the answer to HEAD, computes the next range,
// writes a PATCH request, and checks the offset that the server answers.
func Example() {
	answer := http.Header{"Upload-Offset": {"70"}, "Upload-Length": {"100"}}
	if err := protocol.StatusError(protocol.OpHead, http.StatusOK); err != nil {
		fmt.Println(err)
		return
	}
	state, err := protocol.ParseHead(answer)
	if err != nil {
		fmt.Println(err)
		return
	}

	next, err := protocol.Next(state.Offset, state.Length, 20)
	if err != nil {
		fmt.Println(err)
		return
	}
	request := http.Header{}
	if err := (protocol.Patch{Offset: next.Start}).SetHeader(request); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("PATCH with %d bytes at %s\n", next.Len(), request.Get("Upload-Offset"))

	patched, err := protocol.ParsePatched(http.Header{"Upload-Offset": {"90"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := next.Accept(patched.Offset); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("now at", patched.Offset)
	// Output:
	// PATCH with 20 bytes at 70
	// now at 90
}

func ExampleCreation() {
	h := http.Header{}
	err := protocol.Creation{
		Length:   protocol.Known(100),
		Metadata: protocol.Metadata{"filename": "world_domination_plan.pdf", "is_confidential": ""},
	}.SetHeader(h)
	fmt.Println(err)
	fmt.Println(h.Get("Upload-Length"))
	fmt.Println(h.Get("Upload-Metadata"))
	// Output:
	// <nil>
	// 100
	// filename d29ybGRfZG9taW5hdGlvbl9wbGFuLnBkZg==,is_confidential
}

func ExampleParseMetadata() {
	metadata, err := protocol.ParseMetadata("filename YS50eHQ=, is_confidential, broken %%")
	fmt.Printf("%q\n", metadata)
	fmt.Println(err)
	// Output:
	// map["filename":"a.txt" "is_confidential":""]
	// metadata key "broken" has a value that is not base64
}

func ExampleParseCapabilities() {
	capabilities, err := protocol.ParseCapabilities(http.Header{
		"Tus-Version":   {"1.0.0"},
		"Tus-Extension": {"creation, concatenation"},
	})
	fmt.Println(err)
	fmt.Println(capabilities.Supports(protocol.Version))
	fmt.Println(capabilities.Has(protocol.ExtensionConcatenation))
	fmt.Println(capabilities.MaxSize)
	// Output:
	// <nil>
	// true
	// true
	// unknown
}

func ExampleState_Warning() {
	state, err := protocol.ParseHead(http.Header{
		"Upload-Offset":   {"70"},
		"Upload-Metadata": {"filename ***"},
	})
	fmt.Println(state.Offset, err)
	fmt.Println(state.Warning(protocol.HeaderUploadMetadata))
	// Output:
	// 70 <nil>
	// header Upload-Metadata: invalid value "filename ***": metadata key "filename" has a value that is not base64
}

// A server writes its answer to HEAD.
func ExampleState_SetHeader() {
	h := http.Header{}
	err := protocol.State{
		Offset: 70,
		Length: protocol.Known(100),
		Concat: protocol.Concat{Kind: protocol.ConcatPartial},
	}.SetHeader(h)
	fmt.Println(err)
	fmt.Println(h.Get("Upload-Offset"), h.Get("Upload-Length"), h.Get("Upload-Concat"))
	// Output:
	// <nil>
	// 70 100 partial
}

func ExampleSplit() {
	for _, r := range protocol.Split(10, 3) {
		fmt.Println(r.Start, r.End)
	}
	// Output:
	// 0 4
	// 4 7
	// 7 10
}

func ExampleStatusError() {
	err := protocol.StatusError(protocol.OpPatch, http.StatusConflict)
	fmt.Println(err)
	fmt.Println(errors.Is(err, protocol.ErrOffsetMismatch))
	// Output:
	// offset mismatch (409)
	// true
}
