package doctor

import (
	"errors"
	"net/http"
	"testing"

	"github.com/tusker-go/tusker/transport"
)

// The last request of a run is reserved for the deletion of the upload.
func TestBudget(t *testing.T) {
	t.Parallel()
	sent := 0
	tap := &tap{next: transport.DoerFunc(func(*http.Request) (*http.Response, error) {
		sent++
		return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody}, nil
	})}
	do := func(method string) error {
		req, err := http.NewRequestWithContext(t.Context(), method, "http://tus.example/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := tap.Do(req)
		if err == nil {
			err = resp.Body.Close()
		}
		return err
	}
	for i := range MaxRequests - 1 {
		if err := do(http.MethodHead); err != nil {
			t.Errorf("request %d: %v", i+1, err)
		}
	}
	for _, test := range []struct {
		method string
		want   error
	}{{http.MethodHead, errBudget}, {http.MethodDelete, nil}, {http.MethodDelete, errBudget}} {
		if err := do(test.method); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.method, err, test.want)
		}
	}
	if sent != MaxRequests {
		t.Errorf("%d requests, want %v", sent, MaxRequests)
	}
}
