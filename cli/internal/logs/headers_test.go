package logs_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/tusker-go/tusker/cli/internal/logs"
	"github.com/tusker-go/tusker/transport"
)

// The log has the headers of an exchange, and only the names of those that may be secrets.
func TestHeaders(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	log, err := logs.New(&out, logs.Console, slog.LevelDebug)
	if err != nil {
		t.Fatal(err)
	}
	doer := logs.Headers(log)(transport.DoerFunc(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusCreated, Proto: "HTTP/1.1", Header: http.Header{
			"Location": {"https://h/f?sig=s3cret"}, "Set-Cookie": {"s3cret"}, "Tus-Resumable": {"1.0.0"},
		}, Body: http.NoBody}, nil
	}))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://h/s3cret", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"Authorization": {"Bearer s3cret"}, "X-Api-Key": {"s3cret"}, "Upload-Length": {"7"}}
	resp, err := doer.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	for _, want := range []string{`"headers": "Authorization; Upload-Length: 7; X-Api-Key"`, `"status": 201`, `"headers": "Location; Set-Cookie; Tus-Resumable: 1.0.0"`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the log %q does not have %s", &out, want)
		}
	}
	if strings.Contains(out.String(), "s3cret") {
		t.Errorf("the log has a secret: %q", &out)
	}
}
