package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/source"
)

// An object of a web server is uploaded, by one GET for each request of the upload.
func Example_ranged() {
	objects := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"1"`)
		http.ServeContent(w, r, "film.mov", time.Time{}, strings.NewReader("the bytes of the object"))
	}))
	defer objects.Close()
	server := newExampleServer()
	defer server.Close()
	ctx := context.Background()

	src, err := objectSource(ctx, objects.URL+"/bucket/film.mov")
	if err != nil {
		log.Fatal(err)
	}
	c, err := client.New(client.Config{Endpoint: server.URL + "/files/"})
	if err != nil {
		log.Fatal(err)
	}
	res, err := c.Upload(ctx, src, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Offset, "bytes")
	// Output: 23 bytes
}

// objectSource returns the object at url as it is now.
func objectSource(ctx context.Context, url string) (client.Source, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, url, nil)
	if err != nil {
		return nil, err
	}
	head, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	_ = head.Body.Close()
	etag := head.Header.Get("ETag")
	if head.StatusCode != http.StatusOK || head.ContentLength < 0 || etag == "" || strings.HasPrefix(etag, "W/") {
		return nil, errors.New("no object that can be recognized")
	}
	return source.NewRanged(source.Ranged{
		Name: url, Size: head.ContentLength, ID: url + " " + etag,
		Open: func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
			return openObject(ctx, url, etag, offset, length)
		},
	})
}

// openObject reads a range of an object, if it still has the ETag.
func openObject(ctx context.Context, url, etag string, offset, length int64) (io.ReadCloser, error) {
	if length == 0 {
		return http.NoBody, nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", offset, offset+length-1))
	req.Header.Set("If-Match", etag)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	partial := resp.StatusCode == http.StatusPartialContent &&
		strings.HasPrefix(resp.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", offset))
	whole := resp.StatusCode == http.StatusOK && offset == 0
	switch {
	case resp.StatusCode == http.StatusPreconditionFailed, resp.StatusCode < 300 && resp.Header.Get("ETag") != etag:
		err = client.ErrSourceChanged
	case !partial && !whole:
		err = fmt.Errorf("GET %s: %s", url, resp.Status)
	}
	if err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	return resp.Body, nil
}
