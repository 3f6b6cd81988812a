package integration_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"golang.org/x/oauth2/clientcredentials"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/testserver"
	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

// A token source of oauth2 can be used with transport.Bearer. It keeps a token until the
// token expires. The transport of oauth2 itself would send the token to any origin in an
// upload URL. Bearer does not.
func Example_oauth2() {
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `{"access_token": "t1", "token_type": "Bearer", "expires_in": 3600}`)
	}))
	defer issuer.Close()
	srv, err := testserver.Start(testserver.Config{Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer t1" {
				http.Error(w, "who are you?", http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()

	config := clientcredentials.Config{ClientID: "backup", ClientSecret: "secret", TokenURL: issuer.URL}
	source := config.TokenSource(context.Background())
	tokens := transport.TokenFunc(func(context.Context) (string, error) {
		token, err := source.Token()
		if err != nil {
			return "", err
		}
		return token.AccessToken, nil
	})
	doer := nethttp.New(nethttp.Config{})
	defer doer.CloseIdleConnections()
	c, err := client.New(client.Config{Endpoint: srv.URL(), Doer: transport.Chain(doer, transport.Bearer(tokens))})
	if err != nil {
		fmt.Println(err)
		return
	}
	src, err := client.ReaderAt(bytes.NewReader([]byte("elephant")), 8)
	if err != nil {
		fmt.Println(err)
		return
	}
	res, err := c.Upload(context.Background(), src, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(res.Offset, "bytes")
	// Output:
	// 8 bytes
}
