package conformance_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/tusker-go/tusker/testserver/conformance"
	"github.com/tusker-go/tusker/testserver/conformance/internal/exemplar"
)

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
