package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/integration/bench/internal/control"
)

func TestTusd(t *testing.T) {
	t.Parallel()
	ready, counter, stop, err := startTusd(t.TempDir(), false)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, ready.URL, strings.NewReader("12345"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Tus-Resumable", "1.0.0")
	req.Header.Set("Upload-Length", "5")
	req.Header.Set("Content-Type", "application/offset+octet-stream")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Fatal(resp.Status)
	}
	got, err := counter.stats()
	if err != nil {
		t.Fatal(err)
	}
	want := control.Stats{Requests: map[string]int{"POST": 1}, Connections: 1, Received: 5, Files: 1, Stored: 5}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
	if err := counter.reset(); err != nil {
		t.Fatal(err)
	}
	if got, err = counter.stats(); err != nil || got.Files != 0 {
		t.Errorf("%d files after a reset, error %v", got.Files, err)
	}
}
