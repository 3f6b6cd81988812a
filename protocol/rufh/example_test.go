package rufh_test

import (
	"fmt"
	"net/http"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// An optimistic creation sends the whole file. The connection breaks after a 104, so the
// client asks for the offset and appends the rest.
func Example() {
	const version = rufh.Newest
	request := http.Header{}
	err := rufh.Creation{
		Version: version, Complete: true, Length: protocol.Known(100), Name: "a.txt", Type: "text/plain",
	}.SetHeader(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("POST", request)

	interim := version.ParseResponse(104, http.Header{
		"Upload-Draft-Interop-Version": {"10"},
		"Location":                     {"/uploads/1"},
	})
	created := rufh.Exchange{Version: version, Op: protocol.OpCreate, Complete: true}
	fmt.Println("104", rufh.Judge(created, interim).Meaning, interim.Location)

	state := version.ParseResponse(204, http.Header{"Upload-Offset": {"60"}})
	asked := rufh.Exchange{Version: version, Op: protocol.OpHead}
	verdict := rufh.Judge(asked, state)
	fmt.Println("HEAD", verdict.Meaning, verdict.Offset)

	offset, _ := verdict.Offset.Int64()
	request = http.Header{}
	if err := (rufh.Append{Version: version, Offset: offset, Complete: true}).SetHeader(request); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("PATCH", request)

	final := version.ParseResponse(200, http.Header{"Upload-Complete": {"?1"}})
	appended := rufh.Exchange{Version: version, Op: protocol.OpPatch, Complete: true, End: protocol.Known(100)}
	fmt.Println("200", rufh.Judge(appended, final).Meaning)

	// Output:
	// POST map[Content-Disposition:[inline; filename="a.txt"] Content-Type:[text/plain] Upload-Complete:[?1] Upload-Draft-Interop-Version:[10] Upload-Length:[100]]
	// 104 announced /uploads/1
	// HEAD retrieved 60
	// PATCH map[Content-Type:[application/partial-upload] Upload-Complete:[?1] Upload-Draft-Interop-Version:[10] Upload-Offset:[60]]
	// 200 final
}

// A server reads an append and says that it has stored the content.
func ExampleParseRequest() {
	request := rufh.ParseRequest(http.Header{
		"Upload-Draft-Interop-Version": {"8"},
		"Upload-Offset":                {"60"},
		"Upload-Complete":              {"?0"},
	})
	fmt.Println(request.Version, request.Offset, request.Complete)

	response := http.Header{}
	stored := rufh.Response{Offset: protocol.Known(80), Complete: rufh.Incomplete}
	if err := stored.SetHeader(request.Version, response); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(response)

	// Output:
	// rufh/8 60 ?0
	// map[Upload-Complete:[?0] Upload-Offset:[80]]
}
