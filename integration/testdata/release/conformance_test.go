package server_test

import (
	"net/http"
	"os"
	"testing"

	"github.com/tusker-go/tusker/testserver/conformance"
)

func TestConformance(t *testing.T) {
	report := conformance.Run(t.Context(), http.DefaultClient, os.Getenv("TUS_ENDPOINT"), &conformance.Options{
		Rules: []string{"head-*"},
	})
	conformance.Check(t, report)
}
