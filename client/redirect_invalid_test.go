package client_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// S-SECRETS: a redirect to an address that cannot be parsed ends the upload at once. Errors,
// events and logs do not repeat the address, also if net/http follows the redirects.
func TestInvalidRedirect(t *testing.T) {
	locations := map[string]string{
		"bad escape":       "https://me:hush@tus%zz.example/?sig=hush",
		"relative":         "//%zz/files/1?sig=hush",
		"part of password": "https://me:hush/x@tus.example/?sig=hush",
		"another scheme":   "ftp://me:hush@tus.example/?sig=hush",
		"no host":          "http:///1?sig=hush",
	}
	for name, location := range locations {
		for kind, plain := range map[string]bool{"nethttp": false, "plain http.Client": true} {
			for _, method := range []string{http.MethodPost, http.MethodPatch} {
				t.Run(name+", "+kind+", "+method, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						s := fake.New(t, fake.Config{})
						s.On(method, fake.Status(307, "", "Location", location))
						var d transport.Doer = s.Doer()
						if plain {
							d = &http.Client{Transport: s.Doer().Transport}
						}
						var logged strings.Builder
						logger := slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
						c := clienttest.NewClient(t, s, client.Config{
							Doer: transport.Chain(d, transport.Log(logger)), Logger: logger, InlineSize: -1,
						})
						var told strings.Builder
						res, err := c.Upload(t.Context(), clienttest.TextSource(t, "hello"), &client.UploadOptions{OnEvent: func(e client.Event) {
							if e.Err != nil {
								told.WriteString(e.Err.Error())
							}
						}})
						clienttest.WantErrorIs(t, err, client.ErrRedirected)
						clienttest.WantErrorIs(t, err, nethttp.ErrInvalidRedirect)
						if res.Retries != 0 {
							t.Errorf("%d retries, want 0", res.Retries)
						}
						for place, shown := range map[string]string{"error": err.Error(), "log": logged.String(), "event": told.String()} {
							if strings.Contains(shown, "hush") {
								t.Errorf("the %s contains a secret: %s", place, shown)
							}
						}
					})
				})
			}
		}
	}
}

// An error does not repeat a Location that cannot be parsed.
func TestInvalidLocationKeepsSecrets(t *testing.T) {
	for name, location := range map[string]string{
		"bad escape":       "https://me:hush@tus%zz.example/?sig=hush",
		"part of password": "https://me:hush/x@tus.example/?sig=hush",
		"another scheme":   "ftp://me:hush@tus.example/?sig=hush",
	} {
		t.Run(name, func(t *testing.T) {
			s := fake.New(t, fake.Config{Location: func(string) string { return location }})
			c := clienttest.NewClient(t, s, client.Config{})
			_, err := c.Create(t.Context(), protocol.Creation{}, nil)
			clienttest.WantErrorIs(t, err, client.ErrInvalidLocation)
			if strings.Contains(err.Error(), "hush") {
				t.Errorf("error %q, want no secret in it", err)
			}
		})
	}
}
