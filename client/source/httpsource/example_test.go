package httpsource_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/client/source/httpsource"
)

// An object of a web server is uploaded without a copy on this machine.
func Example() {
	objects := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"1"`)
		http.ServeContent(w, r, "film.mov", time.Time{}, strings.NewReader("the bytes of the object"))
	}))
	defer objects.Close()
	server := httptest.NewServer(fake.Handler(fake.Config{}))
	defer server.Close()
	ctx := context.Background()

	src, err := httpsource.Open(ctx, objects.URL+"/bucket/film.mov", httpsource.Config{})
	if err != nil {
		log.Fatal(err)
	}
	c, err := client.New(client.Config{Endpoint: server.URL + "/files/"})
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseIdleConnections()
	res, err := c.Upload(ctx, src, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(src.FileName(), res.Offset, "bytes")
	// Output: film.mov 23 bytes
}
