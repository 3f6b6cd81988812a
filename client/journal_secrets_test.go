package client_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/transport"
)

// Logs and errors do not contain the secret parts of an upload's URL, and the record has no
// credentials.
func TestJournalKeepsSecrets(t *testing.T) {
	const token, password, query, header = "t0ken", "passw0rd", "qu3ry", "h3ader"
	ends := map[string]struct {
		head fake.Action
		load func(*client.Record) error
	}{
		"resumed":      {nil, nil},
		"gone":         {fake.Status(404, ""), nil},
		"refused":      {fake.Status(401, ""), nil},
		"unavailable":  {fake.Status(502, "bad gateway"), nil},
		"no answer":    {fake.Lose, nil},
		"expired":      {fake.With("Upload-Expires", "Fri, 31 Dec 1999 00:00:00 GMT"), nil},
		"other length": {fake.With("Upload-Length", "5"), nil},
		"unfit record": {nil, func(r *client.Record) error { r.Endpoint += "&other=" + query; return nil }},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &clienttest.AlteredStore{MemoryStore: new(client.MemoryStore), Alter: func(*client.Record) error { return nil }}
				s := fake.New(t, fake.Config{Location: func(path string) string { return path + "?sig=" + query }})
				var log bytes.Buffer
				cfg := clienttest.RecordingConfig(store, &log)
				cfg.Endpoint = "http://me:" + password + "@tus.example/files/?key=" + query
				cfg.Header = http.Header{"X-Key": {header}}
				cfg.Doer = transport.Chain(s.Doer(), transport.Bearer(transport.StaticToken(token)), transport.Log(cfg.Logger))
				file := clienttest.PathSource(t, clienttest.WriteFile(t, clienttest.Noise(clienttest.RecordedSize)))
				upload := func() (*client.Result, error) {
					return clienttest.NewClient(t, s, cfg).Upload(t.Context(), file, &client.UploadOptions{Header: http.Header{"X-Call": {header}}})
				}
				s.On(http.MethodPatch, nil, fake.Cut(7))
				var errs []error
				_, err := upload()
				errs = append(errs, err)
				for _, r := range clienttest.Records(t, store) {
					b, err := r.MarshalJSON()
					if err != nil {
						t.Fatal(err)
					}
					for _, secret := range []string{token, password, header, "key=" + query} {
						if strings.Contains(string(b), secret) {
							t.Errorf("the record holds %q: %s", secret, b)
						}
					}
					if !strings.Contains(r.URL, query) {
						t.Errorf("the URL %q in the record is not complete", r.URL)
					}
				}
				if end.load != nil {
					store.Alter = end.load
				}
				s.On(http.MethodHead, end.head)
				_, err = upload()
				errs = append(errs, err)
				for _, err := range errs {
					if err != nil {
						log.WriteString(err.Error() + "\n")
					}
				}
				if !strings.Contains(log.String(), "PATCH") {
					t.Error("there is no log record")
				}
				for _, secret := range []string{token, password, query, header} {
					if strings.Contains(log.String(), secret) {
						t.Errorf("the secret %q is in the log:\n%s", secret, &log)
					}
				}
			})
		})
	}
}
