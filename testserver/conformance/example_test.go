package conformance_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/tusker-go/tusker/testserver/conformance"
	"github.com/tusker-go/tusker/testserver/conformance/internal/exemplar"
)

// A server is checked against the drafts of Resumable Uploads for HTTP with the interop
// version 8.
func ExampleRun_resumableUploadsForHTTP() {
	server := httptest.NewServer(exemplar.NewRUFH(8))
	defer server.Close()

	report := conformance.Run(context.Background(), server.Client(), server.URL+"/files/", &conformance.Options{
		Protocol: conformance.RUFH(8),
		Rules:    []string{"offset-*", "background-*"},
	})
	for _, result := range report.Results {
		fmt.Println(result)
	}
	fmt.Println(report.Protocol, "failed:", report.Failed())
	// Output:
	// pass    MUST        offset-type
	// pass    MUST        offset-matches
	// pass    MUST NOT    offset-decreases
	// pass    MUST        offset-mismatch
	// pass    MUST        offset-mismatch-offset
	// pass    MUST NOT    offset-usable
	// pass    SHOULD      background-options
	// pass    SHOULD      background-announcement
	// rufh/8 failed: false
}

func ExampleRun() {
	server := httptest.NewServer(exemplar.New(exemplar.Full()))
	defer server.Close()

	report := conformance.Run(context.Background(), server.Client(), server.URL+"/files/", &conformance.Options{
		Rules: []string{"head-*", "patch-status"},
	})
	for _, result := range report.Results {
		fmt.Println(result)
	}
	fmt.Println("failed:", report.Failed())
	// Output:
	// pass    MUST        head-offset
	// pass    MUST        head-length
	// pass    SHOULD      head-not-found
	// pass    SHOULD      head-status
	// pass    MUST        head-no-store
	// pass    MUST        patch-status
	// failed: false
}
